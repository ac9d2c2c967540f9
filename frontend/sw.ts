// The worker of the public pages: the first page and the report open without network; kept reports are sent when it is
// back. Pages with codes, the desk, photos and answers of programs are never kept. Version and files come from the server.
import { flush, QUEUE } from "./islands/sending"

interface Waiting extends Event { waitUntil(work: Promise<unknown>): void }
interface Asked extends Waiting { request: Request; respondWith(answer: Promise<Response>): void }
interface Syncing extends Waiting { tag: string }
interface Worker { skipWaiting(): Promise<void>; clients: { claim(): Promise<void> }; cityloop: { version: string; files: string[] } }

const worker = self as unknown as Worker
const PAGES = ["/", "/report"]
const CACHE = `cityloop-${worker.cityloop.version}`

self.addEventListener("install", (event) => {
  (event as Waiting).waitUntil(fill().then(() => worker.skipWaiting()))
})

self.addEventListener("activate", (event) => {
  (event as Waiting).waitUntil(tidy().then(() => worker.clients.claim()))
})

self.addEventListener("fetch", (event) => {
  const asked = event as Asked
  const url = new URL(asked.request.url)
  if (asked.request.method !== "GET" || url.origin !== location.origin) return
  if (url.pathname.startsWith("/static/build/assets/")) asked.respondWith(file(asked.request))
  else if (asked.request.mode === "navigate" && PAGES.includes(url.pathname)) asked.respondWith(page(asked.request, url))
})

self.addEventListener("sync", (event) => {
  const woken = event as Syncing
  if (woken.tag === QUEUE) woken.waitUntil(flush())
})

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE)
  await cache.addAll(worker.cityloop.files)
  for (const path of PAGES) {
    const answer = await fetch(path, { credentials: "same-origin" })
    if (answer.ok && !answer.redirected) await cache.put(path, answer)
  }
}

async function tidy(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith("cityloop-") && name !== CACHE) await caches.delete(name)
}

/** A file with a hash in its name never changes. */
async function file(asked: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  const kept = await cache.match(asked, { ignoreVary: true })
  if (kept) return kept
  const answer = await fetch(asked)
  if (answer.ok) await cache.put(asked, answer.clone())
  return answer
}

/** The network first; without it the page as it was seen last. */
async function page(asked: Request, url: URL): Promise<Response> {
  const cache = await caches.open(CACHE)
  try {
    const answer = await fetch(asked)
    if (answer.ok && !answer.redirected && !url.search) await cache.put(url.pathname, answer.clone())
    return answer
  } catch (error) {
    const kept = await cache.match(url.pathname, { ignoreVary: true })
    if (kept) return kept
    throw error
  }
}

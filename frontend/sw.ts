// The worker of the public pages: the first page and the report open without network; kept reports are sent when it is
// back. Pages with codes, the desk, photos and answers of programs are never kept. Version and files come from the server.
import { flush, QUEUE } from "./islands/sending"

interface Waiting extends Event { waitUntil(work: Promise<unknown>): void }
interface Asked extends Waiting { request: Request; respondWith(answer: Promise<Response>): void }
interface Syncing extends Waiting { tag: string }
interface Worker { skipWaiting(): Promise<void>; clients: { claim(): Promise<void>; matchAll(of: object): Promise<{ url: string }[]> }; cityloop: { version: string; files: string[]; language: string } }

const worker = self as unknown as Worker
const PAGES = ["/", "/report"]
// The form of an inspector is kept as a page of nobody's, by the phones of those who open it.
const [FIND, KEPT] = ["/desk/find", "/desk/find/kept"]
const DAY = 86_400_000
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
  else if (asked.request.mode === "navigate" && PAGES.includes(url.pathname)) asked.respondWith(page(asked, url.pathname))
  else if (asked.request.mode === "navigate" && url.pathname === FIND) asked.respondWith(page(asked, KEPT))
})

self.addEventListener("sync", (event) => {
  const woken = event as Syncing
  if (woken.tag === QUEUE) woken.waitUntil(flush())
})

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE)
  await cache.addAll(worker.cityloop.files)
  for (const path of await finds() ? [...PAGES, KEPT] : PAGES) await copy(cache, path, worker.cityloop.language)
}

/** Tells whether somebody reports finds on this device: the form is open now, or was kept before. */
async function finds(): Promise<boolean> {
  const open = await worker.clients.matchAll({ type: "window", includeUncontrolled: true })
  return open.some((one) => new URL(one.url).pathname === FIND) || Boolean(await caches.match(KEPT, { ignoreVary: true }))
}

/** Keeps a page as a stranger sees it: nothing that was said to one visitor is kept, or used up by keeping it. */
async function copy(cache: Cache, path: string, language = ""): Promise<void> {
  const answer = await fetch(path, { credentials: "omit", headers: language ? { "Accept-Language": language } : {} })
  if (answer.ok && !answer.redirected) await cache.put(path, answer)
}

/** A copy is made again once a day, and when the visitor reads another language. */
async function renew(cache: Cache, path: string, language: string): Promise<void> {
  const kept = await cache.match(path, { ignoreVary: true })
  const age = Date.now() - Date.parse(kept?.headers.get("Date") ?? "")
  if (!(age < DAY) || kept?.headers.get("Content-Language") !== language) await copy(cache, path, language)
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

/** The network first; without it the copy kept. The answer itself is the visitor's own, and is never kept. */
async function page(event: Asked, path: string): Promise<Response> {
  const cache = await caches.open(CACHE)
  try {
    const answer = await fetch(event.request)
    if (answer.ok) event.waitUntil(renew(cache, path, answer.headers.get("Content-Language") ?? "").catch(() => undefined))
    return answer
  } catch (error) {
    const kept = await cache.match(path, { ignoreVary: true })
    if (kept) return kept
    throw error
  }
}

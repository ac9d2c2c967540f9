// Sending what was kept: by the page when the network is back, or by the service worker. The key of the form makes sure
// that a report sent twice is one report.
import { drafts, drop, remember, REPORT, swap, type Draft } from "./store"
import { token } from "./token"

export const QUEUE = "cityloop-reports"
const TRIES = 30 // answers that are no answer, before the reporter is asked to look
const LATER = [403, 408, 429] // too old a token, too slow, too often: the same report may be taken another time
export const CHANGED = "cityloop-kept" // the channel on which pages hear that something was kept or sent

/** Sends all that waits, the oldest first. Others that send at the same time are let go first. */
export async function flush(): Promise<void> {
  const work = async () => {
    for (const one of (await drafts()).filter((d) => d.state === "queued" || d.state === "sending").reverse()) await sendOne(one)
  }
  const locks = (navigator as { locks?: LockManager }).locks
  await (locks ? locks.request(QUEUE, work) : work())
}

async function sendOne(one: Draft): Promise<void> {
  if (!await change({ ...one, state: "sending", cause: undefined }, ["queued", "sending"])) return
  let fresh: string
  try {
    fresh = await token()
  } catch (error) {
    await change({ ...one, state: "queued" })
    throw error // no network: nothing else needs to be tried
  }
  const answer = await post(one, fresh).catch(() => undefined) // there is a network, yet this one breaks off
  if (answer?.status === 201) {
    const told = await answer.json() as { code: string; number: string }
    await remember({ code: told.code, number: told.number, about: one.about, at: Date.now(), told: false })
    await drop(one.key)
    tell()
  } else if (answer?.status === 401) { // it waits for its sender, however often it is tried
    await change({ ...one, state: "queued", cause: "signed-out" })
  } else if (answer && answer.status >= 400 && answer.status < 500 && !LATER.includes(answer.status)) {
    await change({ ...one, state: "refused", ...await reason(answer) })
  } else {
    const tries = (one.tries ?? 0) + 1
    await change(tries < TRIES ? { ...one, state: "queued", tries } : { ...one, state: "refused", cause: "tries" })
  }
}

/** Why a report was not taken: in the server's words, where it has some. */
async function reason(answer: Response): Promise<Pick<Draft, "why" | "cause">> {
  if (answer.status === 413) return { cause: "large" }
  const told = await answer.json().catch(() => undefined) as { errors?: Record<string, string> } | undefined
  return { why: Object.values(told?.errors ?? {}).join(" ") }
}

/** Posts a draft with a fresh token: the one in the page may be days old. */
async function post(one: Draft, fresh: string): Promise<Response> {
  const body = new FormData()
  for (const [name, value] of Object.entries(one.fields)) body.set(name, value)
  for (const photo of one.photos) body.append("photos", photo, photo.name || "photo.jpg")
  body.set("csrfmiddlewaretoken", fresh)
  body.set("do", "send")
  body.set("queued", "1")
  return fetch(one.to ?? REPORT, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" })
}

/** Keeps what became of a draft, unless the reporter has taken it back or thrown it away meanwhile. */
async function change(one: Draft, from = ["sending"]): Promise<boolean> {
  const may = await swap(one, from)
  tell()
  return may
}

export function tell(): void {
  if (!("BroadcastChannel" in globalThis)) return
  const channel = new BroadcastChannel(CHANGED)
  channel.postMessage("")
  channel.close()
}

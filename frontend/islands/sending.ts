// Sending what was kept: by the page when the network is back, or by the service worker. The key of the form makes sure
// that a report sent twice is one report.
import { drafts, drop, keep, remember, type Draft } from "./store"

export const QUEUE = "cityloop-reports"
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
  await change({ ...one, state: "sending" })
  let answer: Response
  try {
    answer = await post(one)
  } catch (error) {
    await change({ ...one, state: "queued" })
    throw error
  }
  if (answer.status === 201) {
    const told = await answer.json() as { code: string; number: string }
    await remember({ code: told.code, number: told.number, about: one.about, at: Date.now(), told: false })
    await drop(one.key)
    tell()
  } else if (answer.status === 422) {
    const told = await answer.json() as { errors: Record<string, string> }
    await change({ ...one, state: "refused", why: Object.values(told.errors).join(" ") })
  } else {
    await change({ ...one, state: "queued" }) // too often, or a fault of ours: later again
  }
}

/** Posts a draft with a fresh token: the one in the page may be days old. */
async function post(one: Draft): Promise<Response> {
  const body = new FormData()
  for (const [name, value] of Object.entries(one.fields)) body.set(name, value)
  for (const photo of one.photos) body.append("photos", photo, photo.name || "photo.jpg")
  body.set("csrfmiddlewaretoken", await token())
  body.set("do", "send")
  body.set("queued", "1")
  return fetch("/report", { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" })
}

export async function token(): Promise<string> {
  const answer = await fetch("/report/token", { credentials: "same-origin", cache: "no-store" })
  return (await answer.json() as { token: string }).token
}

async function change(one: Draft): Promise<void> {
  await keep(one)
  tell()
}

export function tell(): void {
  const channel = new BroadcastChannel(CHANGED)
  channel.postMessage("")
  channel.close()
}

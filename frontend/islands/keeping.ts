// Keeps the report that is being written, and gives it back: every field and photo, and the step one was at.
import { HELD } from "./hints"
import { QUEUE, tell } from "./sending"
import { drafts, drop, keep, REPORT, swap, type Draft } from "./store"
import { PICKED } from "./position"

const NOT_KEPT = ["csrfmiddlewaretoken", "do", "choose", "pick", "find", "photos", "seen"]
const TELLING = ["lon", "unit", "address", "matter", "words"]

/** A key of one report; the server takes two posts with one key for one report. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("")
}

export function fieldsOf(form: HTMLFormElement): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string" || NOT_KEPT.includes(name)) continue
    found[name] = name.startsWith("answer-") && found[name] ? `${found[name]}\n${value}` : value // several of one question
  }
  return found
}

function draftOf(form: HTMLFormElement, state: Draft["state"]): Draft {
  const fields = fieldsOf(form)
  const input = form.querySelector<HTMLInputElement>("input[name=photos]")
  return { key: fields.key ?? newKey(), at: Date.now(), step: form.dataset.step ?? "where", state, to: form.getAttribute("action") ?? REPORT, about: aboutOf(form), fields, photos: [...(input?.files ?? [])] }
}

/** What a report is about, in a few words, for the notes on other pages. */
function aboutOf(form: HTMLFormElement): string {
  const matter = form.querySelector<HTMLInputElement>("input[name=matter]:checked")
  const named = matter?.value ? matter.closest("label")?.textContent?.trim() ?? "" : ""
  const words = form.querySelector<HTMLTextAreaElement>("[name=words]")?.value.trim().slice(0, 60) ?? ""
  const place = form.querySelector(".where-words b")?.textContent?.trim() ?? ""
  return [named || words, place].filter(Boolean).join(" · ")
}

/** Keeps what is written so far; never in place of a report that waits to be sent. */
export async function keepNow(form: HTMLFormElement): Promise<void> {
  const one = draftOf(form, "draft")
  if (TELLING.some((name) => one.fields[name]) || one.photos.length) await swap(one, ["draft"], true)
}

export const done = (form: HTMLFormElement) => drop(form.querySelector<HTMLInputElement>("[name=key]")?.value ?? "").catch(() => undefined)

type Waking = ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }

/** Puts a report among those that wait for the network. It fails only where this device cannot keep it. */
export async function queue(form: HTMLFormElement): Promise<void> {
  await keep(draftOf(form, "queued"))
  tell()
  wake().catch(() => undefined)
}

/** Asks the browser to wake the worker when the network is back; where it does not, an open page sends. */
async function wake(): Promise<void> {
  const ready = await navigator.serviceWorker?.getRegistration() as Waking | undefined
  await ready?.sync?.register(QUEUE)
}

/** Gives back a kept report into the form, and the step it was at. */
export async function restored(form: HTMLFormElement, key: string): Promise<string | undefined> {
  const one = (await drafts()).find((d) => d.key === key)
  if (!one) return undefined
  form.querySelector("[data-part=asked]")?.replaceChildren()
  for (const old of form.querySelectorAll(HELD)) old.remove()
  for (const [name, value] of Object.entries(one.fields)) {
    if (name.startsWith("answer-")) {
      hold(form, name, value)
      continue
    }
    const field = form.elements.namedItem(name)
    if (field instanceof RadioNodeList) field.value = value
    else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = value
  }
  if (one.state !== "draft") await keep({ ...one, state: "draft", tries: 0, why: undefined, cause: undefined })
  form.querySelector("input[name=photos]")?.dispatchEvent(new CustomEvent("cityloop:photos", { detail: one.photos }))
  const [lon, lat] = [Number(one.fields.lon), Number(one.fields.lat)]
  if (one.fields.lon) document.dispatchEvent(new CustomEvent(PICKED, { detail: { lon, lat, look: true } }))
  form.querySelector("input[name=matter]:checked")?.dispatchEvent(new Event("change", { bubbles: true })) // its questions are asked
  tell()
  return one.step
}

/** Holds an answer for a question that is not drawn yet: it is sent and kept as it is, and drawn with the question. */
function hold(form: HTMLFormElement, name: string, value: string): void {
  for (const line of value.split("\n")) {
    const held = document.createElement("input")
    Object.assign(held, { type: "hidden", name, value: line })
    held.dataset.held = ""
    form.append(held)
  }
}

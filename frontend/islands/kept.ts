// Shows what this device keeps: an unfinished report, what waits for the network, what was sent, and "my reports".
import { CHANGED, flush, tell } from "./sending"
import { drafts, drop, FOLLOWING, forget, mine, remember, REPORT, type Draft, type Mine } from "./store"

const WAITING = ["queued", "sending"]
const told = new Set<string>() // what was sent is told on one page, and stays on it

export function kept(): void {
  if (!("indexedDB" in window)) return
  sentNow().then(show).catch(() => undefined)
  send()
  window.addEventListener("online", send)
  if ("BroadcastChannel" in window) new BroadcastChannel(CHANGED).addEventListener("message", () => { show().catch(() => undefined) })
  if (document.readyState === "complete") register()
  else window.addEventListener("load", register)
}

function send(): void {
  if (navigator.onLine) flush().catch(() => undefined) // the next visit, or the network, tries again
}

/** The worker comes last: nothing of the page waits for it. */
function register(): void {
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js", { scope: "/" }).catch(() => undefined)
}

/** The page after sending holds the code: it is remembered here, so that the resident finds the report again. */
async function sentNow(): Promise<void> {
  const code = document.querySelector("[data-code]")?.textContent?.trim()
  const number = document.querySelector("[data-number]")?.textContent?.trim()
  if (!number) return
  const followed = sessionStorage.getItem(FOLLOWING) // whose words and photos went to this report
  sessionStorage.removeItem(FOLLOWING)
  if (followed) await drop(followed)
  if (!code) return
  const known = (await mine()).find((one) => one.code === code)
  const about = known?.about || document.querySelector<HTMLElement>("[data-matter]")?.dataset.matter || ""
  await remember({ code, number, about, at: known?.at ?? Date.now(), told: true })
}

async function show(): Promise<void> {
  const at = document.querySelector<HTMLElement>("[data-drafts]")
  const listed = document.querySelector<HTMLElement>("[data-mine]")
  if (!at && !listed) return
  const [waiting, sent] = [await drafts(), await mine()]
  if (at) {
    const fresh = sent.filter((one) => one.told === false || told.has(one.code))
    at.replaceChildren(...waiting.flatMap(note), ...fresh.map(done))
    for (const one of fresh.filter((f) => f.told === false && document.visibilityState === "visible")) {
      told.add(one.code)
      await remember({ ...one, told: true })
    }
  }
  if (listed) list(listed, sent)
}

function note(one: Draft): HTMLElement[] {
  if (document.querySelector<HTMLInputElement>("form[data-steps] [name=key]")?.value === one.key && one.state === "draft") return []
  const box = filled(`draft-${WAITING.includes(one.state) ? "queued" : one.state === "draft" ? "kept" : "refused"}`, one.about)
  if (!box) return []
  for (const text of box.querySelectorAll("b")) text.textContent = (text.textContent ?? "").replace("{time}", when(one.at))
  for (const chip of box.querySelectorAll<HTMLElement>("[data-state]")) chip.hidden = chip.dataset.state !== one.state
  const why = box.querySelector("[data-why]")
  if (why) why.textContent = one.why ?? ""
  for (const cause of box.querySelectorAll<HTMLElement>("[data-cause]")) cause.hidden = cause.dataset.cause !== one.cause
  box.querySelector<HTMLAnchorElement>("[data-continue]")?.setAttribute("href", `${one.to ?? REPORT}#continue=${encodeURIComponent(one.key)}`)
  box.querySelector("[data-forget]")?.addEventListener("click", () => { drop(one.key).then(() => { tell(); return show() }).catch(() => undefined) })
  return [box]
}

function done(one: Mine): HTMLElement {
  const box = filled("draft-sent", one.about) ?? document.createElement("div")
  box.querySelector<HTMLAnchorElement>("[data-follow]")?.setAttribute("href", `/follow/${one.code}`)
  return box
}

function filled(id: string, about: string): HTMLElement | undefined {
  const made = document.querySelector<HTMLTemplateElement>(`template#${id}`)?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined
  const said = made?.querySelector("[data-about]")
  if (said) said.textContent = about
  return made
}

function list(at: HTMLElement, sent: Mine[]): void {
  at.hidden = !sent.length
  const row = at.querySelector<HTMLTemplateElement>("template")
  const body = at.querySelector("ul")
  if (!row || !body) return
  body.replaceChildren(...sent.map((one) => {
    const made = row.content.firstElementChild?.cloneNode(true) as HTMLElement
    const link = made.querySelector("a")
    link?.setAttribute("href", `/follow/${one.code}`)
    const [about, told] = [made.querySelector("[data-about]"), made.querySelector("[data-told]")]
    if (about) about.textContent = one.about || one.number
    if (told) told.textContent = [one.about ? one.number : "", when(one.at)].filter(Boolean).join(" · ")
    made.querySelector("button")?.addEventListener("click", () => { forget(one.code).then(show).catch(() => undefined) })
    return made
  }))
}

/** The time of day today, else day and time. */
function when(at: number): string {
  const day = new Date(at)
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const
  const today = day.toDateString() === new Date().toDateString()
  return day.toLocaleString(document.documentElement.lang, today ? { ...clock } : { month: "short", day: "numeric", ...clock })
}

// The desk stays fresh: steps of others arrive by server-sent events, and the page fetches itself anew and changes in
// place. What someone types or has focused is never touched; what changed lights up briefly.
import { connect } from "./stream"
import { atMost, PUT, RENEWED } from "./renewing"

const APART = 2_500 // in a busy city the page is not fetched more often than this
const HERE = 800 // but this often where the step is one of a case that is shown
const TICK = 30_000 // clocks move even where nobody acts
const SILENT = 50_000 // the server says something every 20 s

let heard = 0
let streaming = true

export function live(): void {
  const at = document.querySelector<HTMLElement>("[data-live-page]")
  if (!at || !("EventSource" in window)) return
  const refresh = atMost(APART, () => { if (!document.hidden) void renew() })
  const here = atMost(HERE, () => { if (!document.hidden) void renew() })
  connect(at.dataset.livePage ?? "", {
    fresh: () => { heard = Date.now(); say(true, heard) },
    stale: () => say(false, heard),
    missed: refresh,
    step: (number) => {
      if (shows(number)) here()
      else if (!at.dataset.case) refresh()
    },
    // An alarm is raised, looked at or over: where alarms stand on the page it is to be seen at once.
    alarm: () => { if (document.querySelector("[data-alarms]")) here(); else if (!at.dataset.case) refresh() },
  })
  window.setInterval(() => { if (heard && Date.now() - heard > SILENT) say(false, heard); refresh() }, TICK)
  document.addEventListener("visibilitychange", refresh)
}

/** The case is this page's, or a row of it: what others do with it is to be seen at once. */
function shows(number: string): boolean {
  const found = CSS.escape(number)
  return Boolean(document.querySelector(`[data-case="${found}"], [data-rows] [data-row="${found}"]`))
}

function say(fresh: boolean, when: number): void {
  if (!when) return
  streaming = fresh
  for (const box of document.querySelectorAll<HTMLElement>("[data-fresh]")) {
    box.classList.toggle("is-stale", !fresh)
    box.classList.toggle("is-live", fresh)
    const words = `${(fresh ? box.dataset.liveWords : box.dataset.staleWords) ?? ""} ${box.dataset.fresh ?? ""}`
    const line = box.querySelector("span")
    if (line && line.textContent !== words) line.textContent = words
    const sign = fresh ? "access-point" : "plug-connected-x"
    box.querySelector("use")?.setAttribute("href", `${document.getElementById("main")?.dataset.sprite ?? ""}#${sign}`)
  }
}

/** Fetches the page anew and puts in what changed; tells whether it is as fresh as can be now. */
export async function renew(): Promise<boolean> {
  const href = location.href
  const answer = await fetch(href, { headers: { Accept: "text/html" } }).catch(() => undefined)
  if (!answer?.ok || answer.redirected) return false
  const text = await answer.text().catch(() => undefined)
  if (text === undefined || location.href !== href) return false // cut off, or the page shows another view by now
  const page = new DOMParser().parseFromString(text, "text/html")
  asOf(page)
  document.dispatchEvent(new CustomEvent(RENEWED, { detail: page }))
  const now = new Map([...document.querySelectorAll<HTMLElement>("[data-live]")].map((e) => [e.dataset.live, e]))
  const next = [...page.querySelectorAll<HTMLElement>("[data-live]")]
  if (next.length !== now.size || next.some((e) => !now.has(e.dataset.live))) replaceAll(page)
  else for (const part of next) put(now.get(part.dataset.live) as HTMLElement, part)
  document.dispatchEvent(new Event(PUT))
  return true
}

/** Takes over as of when the page is: in the city's own time, which in a replay is not that of this machine. */
function asOf(page: Document): void {
  const time = page.querySelector<HTMLElement>("[data-fresh]")?.dataset.fresh ?? ""
  for (const box of document.querySelectorAll<HTMLElement>("[data-fresh]")) box.dataset.fresh = time
  say(streaming, heard)
}

/** The page has other parts than before (a group came or went): the whole list is changed, unless someone is in it. */
function replaceAll(page: Document): void {
  const [now, next] = [document, page].map((d) => d.querySelector<HTMLElement>("[data-live-page]"))
  if (!now || !next || busy(now)) return
  keepMaps(now, next)
  const fresh = now.querySelector("[data-fresh]")
  now.replaceChildren(...next.childNodes)
  const place = now.querySelector("[data-fresh]")
  if (fresh && place) place.replaceWith(fresh)
}

/** A map that stands goes on standing: it renews itself. */
function keepMaps(now: HTMLElement, next: HTMLElement): void {
  for (const map of next.querySelectorAll<HTMLElement>(".map[data-island]")) {
    const old = [...now.querySelectorAll<HTMLElement>(".map[data-mounted]")].find((one) => one.dataset.marksUrl === map.dataset.marksUrl)
    if (old) map.replaceWith(old)
  }
}

/** Changes one part; rows by their key, so that each keeps its place, its focus and its selection. */
function put(now: HTMLElement, next: HTMLElement): void {
  if (keyed(now).size && keyed(next).size) return putRows(now, next)
  if (busy(now) || (next.dataset.same && next.dataset.same === now.dataset.same) || same(now, next)) return
  const fresh = now.querySelector("[data-fresh]")
  now.replaceChildren(...next.childNodes)
  if (next.dataset.same) now.dataset.same = next.dataset.same
  const place = now.querySelector("[data-fresh]")
  if (fresh && place) place.replaceWith(fresh)
  if (!("quiet" in now.dataset)) light(now)
}

function putRows(now: HTMLElement, next: HTMLElement): void {
  const old = keyed(now)
  const list = [...old.values()][0]?.parentElement ?? now
  let before: Element | null = null
  for (const [key, row] of keyed(next)) {
    const known = old.get(key)
    old.delete(key)
    const shown = known && (busy(known) || same(known, row)) ? known : take(row, known)
    if (shown !== known) light(shown)
    const place: Element | null = before ? before.nextElementSibling : list.firstElementChild
    if (place !== shown) list.insertBefore(shown, place)
    before = shown
  }
  for (const gone of old.values()) if (!busy(gone)) gone.remove()
}

function take(row: HTMLElement, known: HTMLElement | undefined): HTMLElement {
  if (!known) return row
  if (known.hasAttribute("data-selected")) row.setAttribute("data-selected", "")
  known.replaceWith(row)
  return row
}

const keyed = (of: HTMLElement) => new Map([...of.querySelectorAll<HTMLElement>("[data-key]")].map((e) => [e.dataset.key, e]))

/** Someone is in it: it has the focus, or holds words typed, a form opened, or what was refused a moment ago. */
function busy(at: HTMLElement): boolean {
  if (at.contains(document.activeElement) && document.activeElement !== document.body) return true
  if (at.querySelector("details[open]:not([data-open])")) return true
  if (at.matches("[data-tried]") || at.querySelector("[data-tried]")) return true
  return [...at.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input:not([type=hidden]), textarea")].some((e) => typed(e))
}

const typed = (e: HTMLInputElement | HTMLTextAreaElement) =>
  "checked" in e && (e.type === "checkbox" || e.type === "radio") ? e.checked !== e.defaultChecked : e.value !== e.defaultValue

/** Alike but for tokens of forms and the line of freshness, which differ each time. */
function same(one: HTMLElement, two: HTMLElement): boolean {
  const plain = (e: HTMLElement) => {
    const copy = e.cloneNode(true) as HTMLElement
    for (const part of copy.querySelectorAll("[data-fresh], [data-live], [name=csrfmiddlewaretoken], .map")) part.remove()
    for (const part of copy.querySelectorAll("[data-island]")) part.replaceWith(...[...part.querySelectorAll("img")].map((img) => img.getAttribute("src") ?? ""))
    copy.removeAttribute("hidden")
    copy.removeAttribute("data-selected")
    copy.classList.remove("changed")
    if (!copy.getAttribute("class")) copy.removeAttribute("class")
    return copy.outerHTML
  }
  return plain(one) === plain(two)
}

function light(at: HTMLElement): void {
  at.classList.remove("changed")
  void at.offsetWidth
  at.classList.add("changed")
}

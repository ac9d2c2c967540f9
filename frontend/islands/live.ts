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

/** Fetches the page anew and puts in what changed; tells whether it is as fresh as can be now, and says so only then. */
export async function renew(): Promise<boolean> {
  const href = location.href
  const answer = await fetch(href, { headers: { Accept: "text/html" } }).catch(() => undefined)
  if (!answer?.ok || answer.redirected) return false
  const text = await answer.text().catch(() => undefined)
  if (text === undefined || location.href !== href) return false // cut off, or the page shows another view by now
  const page = new DOMParser().parseFromString(text, "text/html")
  document.dispatchEvent(new CustomEvent(RENEWED, { detail: page }))
  const time = page.querySelector<HTMLElement>("[data-fresh]")?.dataset.fresh ?? "" // before its parts go over to this one
  const whole = (!alike(page) && replaceAll(page)) || putParts(page)
  if (whole) asOf(time)
  document.dispatchEvent(new Event(PUT))
  return whole
}

const partsOf = (page: Document) => [...page.querySelectorAll<HTMLElement>("[data-live]")]
const shownAs = (part: HTMLElement) => document.querySelector<HTMLElement>(`[data-live="${CSS.escape(part.dataset.live ?? "")}"]`)

/** Both pages have the same parts. */
function alike(page: Document): boolean {
  const next = partsOf(page)
  return next.length === partsOf(document).length && next.every(shownAs)
}

/** Puts in part by part, also where some came or went; tells whether each has its place. */
function putParts(page: Document): boolean {
  const next = partsOf(page)
  const names = next.map((part) => part.dataset.live)
  const whole = next.map(putPart).every(Boolean)
  // Where a part found no place, what it would stand for goes on standing.
  if (whole) for (const gone of partsOf(document)) if (!names.includes(gone.dataset.live) && !busy(gone)) gone.remove()
  return whole
}

function putPart(part: HTMLElement): boolean {
  const shown = shownAs(part)
  if (!shown) return place(part)
  if (shown !== part) put(shown, part) // or else it came with the part it stands in
  return true
}

/** A new part stands beside one it stands beside on its own page; a copy, for the next may be told its place by it. */
function place(part: HTMLElement): boolean {
  const [before, after] = [beside(part, "previousElementSibling"), beside(part, "nextElementSibling")]
  const copy = document.importNode(part, true)
  if (before) before.after(copy)
  else after?.before(copy)
  return Boolean(before ?? after)
}

/** The nearest part on one side that is shown already; across what is no part its place would be a guess. */
function beside(part: HTMLElement, side: "previousElementSibling" | "nextElementSibling"): HTMLElement | null {
  const at = part[side]
  return at instanceof HTMLElement && "live" in at.dataset ? shownAs(at) ?? beside(at, side) : null
}

/** Takes over as of when the page is: in the city's own time, which in a replay is not that of this machine. */
function asOf(time: string): void {
  for (const box of document.querySelectorAll<HTMLElement>("[data-fresh]")) box.dataset.fresh = time
  say(streaming, heard)
}

/** The page has other parts than before (a group came or went): the whole list is changed, unless someone is in it. */
function replaceAll(page: Document): boolean {
  const [now, next] = [document, page].map((d) => d.querySelector<HTMLElement>("[data-live-page]"))
  if (!now || !next || busy(now)) return false
  keepMaps(now, next)
  const fresh = now.querySelector("[data-fresh]")
  now.replaceChildren(...next.childNodes)
  const place = now.querySelector("[data-fresh]")
  if (fresh && place) place.replaceWith(fresh)
  return true
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
  const fresh = keyed(next)
  const list = [...old.values()][0]?.parentElement ?? now
  for (const [key, gone] of old) if (!fresh.has(key) && !busy(gone)) gone.remove() // first: what is left moves less
  let before: Element | null = null
  for (const [key, row] of fresh) {
    const known = old.get(key)
    const shown = known && (busy(known) || same(known, row)) ? known : take(row, known)
    if (shown !== known) light(shown)
    const place: Element | null = before ? before.nextElementSibling : list.firstElementChild
    if (place !== shown) move(shown, list, place)
    before = shown
  }
}

/** Moves a row to a place. What is moved loses its focus, and a click begun on it: where it has them, all that stands
 *  between goes behind it. */
function move(row: HTMLElement, list: Element, place: Element | null): void {
  if (!row.contains(document.activeElement) && !row.matches(":active")) return void list.insertBefore(row, place)
  const between: Element[] = []
  for (let at = place; at && at !== row; at = at.nextElementSibling) between.push(at)
  row.after(...between)
}

function take(row: HTMLElement, known: HTMLElement | undefined): HTMLElement {
  if (!known) return row
  if (known.hasAttribute("data-selected")) row.setAttribute("data-selected", "")
  known.replaceWith(row)
  return row
}

const keyed = (of: HTMLElement) => new Map([...of.querySelectorAll<HTMLElement>("[data-key]")].map((e) => [e.dataset.key, e]))

/** Someone is in it: it has the focus, or holds words typed, a form opened, a position asked for, or what was refused
 *  a moment ago. */
function busy(at: HTMLElement): boolean {
  if (at.contains(document.activeElement) && document.activeElement !== document.body) return true
  if (at.matches(":active")) return true // pressed, by a finger that has not let go yet
  if (at.querySelector("details[open]:not([data-open])")) return true
  if (at.matches("[data-tried]") || at.querySelector("[data-tried], [data-asked]")) return true
  if ([...at.querySelectorAll("select")].some(chosen)) return true
  return [...at.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input:not([type=hidden]), textarea")].some((e) => typed(e))
}

const typed = (e: HTMLInputElement | HTMLTextAreaElement) =>
  "checked" in e && (e.type === "checkbox" || e.type === "radio") ? e.checked !== e.defaultChecked : e.value !== e.defaultValue

/** Another choice than the page came with: where it came with none, a browser shows the first. */
function chosen(select: HTMLSelectElement): boolean {
  const all = [...select.options]
  const first = all.findLast((one) => one.defaultSelected) ?? all.find((one) => !one.disabled)
  return Boolean(first) && select.value !== first?.value
}

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

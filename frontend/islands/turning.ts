// Views of a wall take turns in place: the address moves with them, the map stays. Keys hold and move them. How old the
// picture is, is said as soon as it is older than it should be; a screen that was signed out shows no picture at all.
import { renew } from "./live"
import { RENEWED, TURNED } from "./renewing"

const OLD = 45_000 // ms; the page is fetched anew at least every 30 s
const TOUCHED = 60_000 // so long after somebody touched the screen it stays where it is
const SECOND = 1_000
const FIELDS = "input, select, textarea, summary, button, .maplibregl-canvas"

let fresh = Date.now() // when the picture was last fetched
let since = Date.now() // since when this view is shown
let touched = 0
let moving = false

export function turning(): void {
  const at = document.querySelector<HTMLElement>("[data-wall]")
  const nav = document.querySelector<HTMLElement>("[data-turning]")
  if (!at || !nav) return
  document.addEventListener(RENEWED, (event) => {
    fresh = Date.now()
    take(nav, (event as CustomEvent<Document>).detail)
    age(at)
  })
  document.addEventListener("keydown", (event) => keys(nav, event))
  for (const kind of ["pointerdown", "keydown", "wheel"]) document.addEventListener(kind, () => { touched = Date.now() }, { passive: true })
  nav.addEventListener("click", (event) => {
    const link = (event.target as HTMLElement).closest("a")
    if (!link || "compose" in link.dataset || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    event.preventDefault()
    void go(link.href)
  })
  window.setInterval(() => tick(at, nav), SECOND)
}

/** Once a second: says how old the picture is and how long the view stays, and turns when its time is over. */
function tick(at: HTMLElement, nav: HTMLElement): void {
  age(at)
  const idle = Date.now() - touched > TOUCHED
  if (idle) (document.activeElement as HTMLElement | null)?.blur?.() // a part somebody is in is not renewed
  const left = Math.ceil(Number(nav.dataset.stay) - (Date.now() - since) / SECOND)
  const alone = nav.querySelectorAll("li").length < 2
  const box = nav.querySelector<HTMLElement>("[data-left]")
  if (box) box.textContent = "held" in nav.dataset || alone || !idle ? "" : ` ${Math.max(0, left)} s`
  const next = nav.querySelector<HTMLAnchorElement>("[data-next]")
  if (left <= 0 && next && idle && !alone && !("held" in nav.dataset)) void go(next.href)
}

/** Shows another view of the wall; where it cannot be had, the one shown stays. */
async function go(href: string): Promise<void> {
  if (moving) return
  moving = true
  const before = location.href
  history.replaceState(history.state, "", href)
  if (!(await renew()) && location.href === href) history.replaceState(history.state, "", before)
  since = Date.now()
  moving = false
}

/** Takes over from the page fetched what stands outside of its live parts: the views, and what the map is to show. */
function take(nav: HTMLElement, page: Document): void {
  if (built(page) !== built(document)) return location.reload() // the server has another version of us
  const next = page.querySelector<HTMLElement>("[data-turning]")
  if (!next) return
  nav.dataset.stay = next.dataset.stay ?? ""
  nav.toggleAttribute("data-held", next.hasAttribute("data-held"))
  nav.querySelector("ol")?.replaceWith(next.querySelector("ol") ?? "")
  for (const name of ["previous", "hold", "next", "compose"]) {
    const [one, two] = [nav, next].map((of) => of.querySelector<HTMLAnchorElement>(`[data-${name}]`))
    if (!one || !two) continue
    one.href = two.href
    one.title = two.title
    one.replaceChildren(...two.childNodes)
  }
  const [one, two] = [nav, next].map((of) => of.querySelector<HTMLElement>("[data-then]"))
  if (one && two) one.textContent = two.textContent
  document.title = page.title
  view(page)
}

const built = (of: Document) => [...of.querySelectorAll<HTMLScriptElement>("script[src]")].map((script) => script.getAttribute("src")).join()

/** The map is told what the view asks of it. */
function view(page: Document): void {
  const [now, next] = [document, page].map((of) => of.querySelector<HTMLElement>("[data-view]"))
  const [map, other] = [now, next].map((of) => of?.querySelector<HTMLElement>(".map"))
  if (!now || !next || !map || !other || now.dataset.view === next.dataset.view) return
  now.dataset.view = next.dataset.view
  for (const name of Object.keys(map.dataset)) if (name.startsWith("word") || name.endsWith("Url") || name === "by") delete map.dataset[name]
  for (const [name, value] of Object.entries(other.dataset)) if (name.startsWith("word") || name.endsWith("Url") || name === "by") map.dataset[name] = value
  map.setAttribute("aria-label", other.getAttribute("aria-label") ?? "")
  document.dispatchEvent(new Event(TURNED))
}

/** Says how old the picture is, once it is older than it should be. */
function age(at: HTMLElement): void {
  const box = at.querySelector<HTMLElement>("[data-old]")
  const old = Date.now() - fresh
  at.classList.toggle("is-old", old > OLD)
  if (!box) return
  box.hidden = old <= OLD
  const time = document.querySelector<HTMLElement>("[data-fresh]")?.dataset.fresh ?? ""
  const words = `${(at.dataset.wordsOld ?? "").replace("{minutes}", String(Math.floor(old / 60_000)))} ${time}`
  if (!box.hidden && box.textContent !== words) box.textContent = words
  if (!box.hidden) void signedOut()
}

let asked = 0

/** A screen whose session ended is sent to sign in: it must not go on showing what it may not see any more. */
async function signedOut(): Promise<void> {
  if (Date.now() - asked < OLD) return
  asked = Date.now()
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined)
  if (answer?.redirected || answer?.status === 403) location.reload()
  else if (answer?.ok) await renew()
}

function keys(nav: HTMLElement, event: KeyboardEvent): void {
  const target = event.target as HTMLElement
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest(FIELDS)) return
  const name = { " ": "hold", ArrowLeft: "previous", ArrowRight: "next" }[event.key]
  const link = name ? nav.querySelector<HTMLAnchorElement>(`[data-${name}]`) : undefined
  if (!link) return
  event.preventDefault()
  void go(link.href)
}

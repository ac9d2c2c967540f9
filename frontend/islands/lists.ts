// The list somebody works through: kept for this tab when a case is opened from it, so that "next" and "previous" mean
// that list as it was, whoever acts on it meanwhile.
import { PUT } from "./renewing"

const KEPT = "cityloop.list"
const ON = "cityloop.on"
const STAYS = ["note", "message", "claim", "release"] // one does these on the way to something else

interface Kept { href: string; title: string; cases: string[] }

export const rowsOf = () => [...document.querySelectorAll<HTMLElement>("[data-rows] [data-row]")]
export const selected = () => document.querySelector<HTMLElement>("[data-rows] [data-row][data-selected]")

/** Opens the case of a row. */
export function goTo(row: HTMLElement | null, hash = ""): void {
  const link = row?.querySelector<HTMLAnchorElement>("a[href*='/cases/']:not([data-beside])") ?? row?.querySelector<HTMLAnchorElement>("a[href]")
  if (!link) return
  keep()
  location.assign(link.href.replace(/#.*$/, "") + hash)
}

function keep(): void {
  const cases = [...new Set(rowsOf().filter((row) => !("other" in row.dataset)).map((row) => row.dataset.row ?? ""))]
  if (!cases.length) return
  const kept: Kept = { href: location.pathname + location.search, title: document.querySelector("h1")?.textContent?.trim() ?? "", cases }
  sessionStorage.setItem(KEPT, JSON.stringify(kept))
}

function kept(): Kept | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "") as Kept
  } catch {
    return undefined
  }
}

export function lists(): void {
  document.addEventListener("click", (event) => {
    if ((event.target as HTMLElement).closest?.("[data-rows] [data-row] a")) keep()
  })
  const number = document.querySelector<HTMLElement>("[data-case]")?.dataset.case
  const list = kept()
  if (!number || !list?.cases.includes(number)) return
  show(list, list.cases.indexOf(number))
}

function show(list: Kept, at: number): void {
  const back = document.querySelector<HTMLAnchorElement>("[data-list]")
  if (back) {
    back.href = list.href
    const word = back.querySelector(".word")
    if (word && list.title) {
      word.textContent = list.title
      back.setAttribute("aria-label", list.title)
    }
  }
  const hash = location.hash === "#act" ? "#act" : ""
  const address = (n: number) => (list.cases[n] ? `/desk/cases/${encodeURIComponent(list.cases[n])}` : "")
  const next = address(at + 1) ? address(at + 1) : list.href
  link("[data-prev]", address(at - 1))
  link("[data-next]", next)
  const where = document.querySelector("[data-where]")
  if (where) where.textContent = `${at + 1} / ${list.cases.length}`
  document.querySelector("[data-in-list]")?.removeAttribute("hidden")
  goOn(address(at + 1) ? next + hash : next)
}

function link(which: string, href: string): void {
  const at = document.querySelector<HTMLAnchorElement>(which)
  if (!at) return
  if (href) at.href = href
  else at.setAttribute("aria-disabled", "true")
}

/** After acting one goes straight on, unless one wants to see what came of it. */
function goOn(next: string): void {
  offerNext()
  document.addEventListener(PUT, offerNext)
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement
    if (!box.closest?.("[data-then-next]")) return
    localStorage.setItem(ON, box.checked ? "yes" : "no")
    offerNext()
  })
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement
    if (!form.closest("[data-actions]") || !form.dataset.offer) return
    form.querySelector("input[name=next]")?.remove()
    if (localStorage.getItem(ON) === "no" || STAYS.includes(form.dataset.offer.split("-")[0] ?? "")) return
    const field = document.createElement("input")
    field.type = "hidden"
    field.name = "next"
    field.value = next
    form.append(field)
  }, true)
}

/** The choice stands as it was last made; as its own default, so that it does not count as words of a form. */
function offerNext(): void {
  const choice = document.querySelector<HTMLElement>("[data-then-next]")
  const box = choice?.querySelector("input")
  if (!choice || !box) return
  choice.hidden = false
  box.checked = box.defaultChecked = localStorage.getItem(ON) !== "no"
}

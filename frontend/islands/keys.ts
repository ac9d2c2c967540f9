// Keys of the desk. Whoever dictates, or types past a field, can switch the single keys off in the dialog that "?" opens.
import { goTo, rowsOf, selected } from "./lists"
import { nextAction, onlyReached, openFirst, sendOn } from "./acting"

const FIELDS = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]"
const CHORD = 1_500 // ms between "g" and where to
const OFF = "cityloop.keys"
const AMONG = ["a", "j", "k"] // what goes from action to action
const inField = (at: EventTarget | null) => (at as HTMLElement | null)?.closest?.(FIELDS)

let waiting = 0

function move(by: number): void {
  const all = rowsOf()
  if (!all.length) return nextAction(by)
  const now = all.findIndex((row) => row.hasAttribute("data-selected"))
  const next = all[Math.min(Math.max(now + by, 0), all.length - 1)]
  if (!next) return
  all[now]?.removeAttribute("data-selected")
  next.setAttribute("data-selected", "")
  next.querySelector<HTMLElement>("a")?.focus({ preventScroll: true })
  next.scrollIntoView({ block: "nearest" })
}

/** Acts: on the rows ticked, on the row under the cursor, or on the case that is open. */
function act(): void {
  if (document.querySelector("[data-actions]")) return openFirst()
  const bar = document.querySelector<HTMLElement>("#many .btn-primary")
  if (bar && document.querySelector("[data-row] .tick :checked")) return bar.focus()
  const form = document.querySelector<HTMLElement>(".many-form, .many form")
  if (form) return form.querySelector<HTMLElement>("select, textarea, input:not([type=hidden]), button")?.focus()
  if (!selected()) move(1)
  goTo(selected(), "#act")
}

const verbs: Record<string, () => void> = {
  "/": () => document.querySelector<HTMLElement>("[data-key='/']")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => selected()?.querySelector<HTMLElement>(".tick input")?.click(),
  a: act,
  n: () => document.querySelector<HTMLElement>("[data-next]")?.click(),
  p: () => document.querySelector<HTMLElement>("[data-prev]")?.click(),
  z: () => document.querySelector<HTMLElement>("[data-undo]")?.click(),
  "?": () => document.querySelector<HTMLDialogElement>("dialog[data-key='?']")?.showModal(),
}

// The dialog of the keys (`desk/base.html`) lists them.
const places: Record<string, string> = {
  i: "inbox", c: "cases", f: "find", r: "new", m: "map", s: "sensing", w: "wall", n: "notices", e: "settings",
}

function goes(key: string): boolean {
  if (!waiting || Date.now() - waiting > CHORD) return false
  waiting = 0
  const link = document.querySelector<HTMLAnchorElement>(`a[data-place="${places[key] ?? ""}"]`)
  link?.click()
  return Boolean(link)
}

function single(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return
  if (inField(event.target) && !(onlyReached(event.target) && AMONG.includes(event.key))) return
  if (off() && event.key !== "?") return
  if (goes(event.key)) return event.preventDefault()
  if (event.key === "g") { waiting = Date.now(); return event.preventDefault() }
  if (event.key === "Enter" && selected() && document.activeElement === document.body) return goTo(selected())
  const verb = verbs[event.key]
  if (!verb) return
  event.preventDefault()
  verb()
}

/** Leaves a field, and folds the form it stood in. */
function escape(event: KeyboardEvent): void {
  const at = event.target as HTMLElement | null
  const form = at?.closest<HTMLDetailsElement>("[data-actions] details[open], .replies[open]")
  if (form) {
    form.open = false
    return form.querySelector<HTMLElement>("summary")?.focus()
  }
  if (inField(at)) at?.blur()
}

const off = () => localStorage.getItem(OFF) === "off"

function toggle(): void {
  const box = document.querySelector<HTMLInputElement>("[data-keys-on]")
  if (!box) return
  box.checked = !off()
  box.addEventListener("change", () => localStorage.setItem(OFF, box.checked ? "on" : "off"))
}

export function keys(): void {
  toggle()
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) sendOn(event)
    else if (event.key === "Escape") escape(event)
    else single(event)
  })
}

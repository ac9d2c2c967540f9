// Keys of the desk: "/" search, j k move in a list, x ticks, Enter opens, a goes to the actions, ? shows the keys.
const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable]"
const inField = (at: EventTarget | null) => (at as HTMLElement | null)?.closest(FIELDS)

const rows = () => [...document.querySelectorAll<HTMLElement>("[data-rows] [data-row]")]

function move(by: number): void {
  const all = rows()
  const now = all.findIndex((row) => row.hasAttribute("data-selected"))
  const next = all[Math.min(Math.max(now + by, 0), all.length - 1)]
  if (!next) return
  all[now]?.removeAttribute("data-selected")
  next.setAttribute("data-selected", "")
  next.querySelector<HTMLElement>("a")?.focus({ preventScroll: true })
  next.scrollIntoView({ block: "nearest" })
}

const verbs: Record<string, () => void> = {
  "/": () => document.querySelector<HTMLElement>("[data-key='/']")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => document.querySelector<HTMLElement>("[data-row][data-selected] .tick input")?.click(),
  a: () => document.querySelector<HTMLElement>("[data-actions] button, [data-actions] a")?.focus(),
  "?": () => document.querySelector<HTMLDialogElement>("dialog[data-key='?']")?.showModal(),
}

export function keys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target)) return
    const verb = verbs[event.key]
    if (!verb) return
    event.preventDefault()
    verb()
  })
}

// The action bar by keyboard: open the likeliest, go through the others, send.
const FIELD = "select, textarea, input:not([type=hidden], [type=file]), button"

const bar = () => document.querySelector<HTMLElement>("[data-actions]")
const offers = () => [...(bar()?.querySelectorAll<HTMLElement>(".decide, details[name=offers]") ?? [])]

let last = "" // the action one stood at, also after a field was left
let untouched: Element | null = null // the choice a key led to, as long as no key was pressed in it

/** A letter pressed in a choice picks an entry. One that was only just reached by a key is not meant by the next key. */
export const onlyReached = (at: EventTarget | null): boolean => at !== null && at === untouched

/** Where one stands among the actions: -1 where one was at none yet. */
function standing(all: HTMLElement[]): number {
  const now = all.findIndex((one) => one.contains(document.activeElement))
  return now >= 0 ? now : all.findIndex((one) => one.id === last)
}

/** Opens the likeliest action and stands in its first field; again, the next one. */
export function openFirst(): void {
  const all = offers()
  const now = all.findIndex((one) => one.contains(document.activeElement))
  open(all[(now + 1) % Math.max(1, all.length)])
}

/** Moves among the actions of a case without opening them. */
export function nextAction(by: number): void {
  const all = offers()
  const now = standing(all)
  const next = all[Math.min(Math.max(now + by, 0), all.length - 1)]
  const at = next?.querySelector<HTMLElement>(next instanceof HTMLDetailsElement ? "summary" : "button")
  last = next?.id ?? ""
  at?.focus()
  at?.scrollIntoView({ block: "nearest" })
}

function open(one: HTMLElement | undefined): void {
  if (one instanceof HTMLDetailsElement) one.open = true
  const at = one?.querySelector<HTMLElement>(`form :is(${FIELD})`)
  last = one?.id ?? ""
  untouched = at instanceof HTMLSelectElement ? at : null
  at?.focus()
  at?.scrollIntoView({ block: "center" })
}

/** Ctrl+Enter sends the form one stands in, by the button that stands first in it. */
export function sendOn(event: KeyboardEvent): void {
  const form = (event.target as HTMLElement | null)?.closest("form")
  const button = form?.querySelector<HTMLButtonElement>("button:not([type=button], [type=reset])")
  if (!form || form.method !== "post") return
  event.preventDefault()
  form.requestSubmit(button ?? null)
}

/** An address with #act opens the likeliest action; one that names an offer opens that. */
function fromAddress(): void {
  const name = decodeURIComponent(location.hash.slice(1))
  if (!name || !bar()) return
  if (name === "act") return openFirst()
  open(offers().find((one) => one.id === name))
}

export function acting(): void {
  fromAddress()
  // Bubbling, so after the keys of the desk had their say: what one does in a choice makes it one's own.
  for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, ({ target }) => { if (target === untouched) untouched = null })
  window.addEventListener("hashchange", fromAddress)
  // Opened by a key, a form is begun at its first field.
  document.addEventListener("click", (event) => {
    const summary = (event.target as HTMLElement).closest?.("[data-actions] details > summary")
    const keyed = event.detail === 0
    if (summary && keyed) requestAnimationFrame(() => { if ((summary.parentElement as HTMLDetailsElement).open) open(summary.parentElement as HTMLElement) })
  })
}

// The report form: while someone types, the server proposes matters, names the place and shows likely duplicates.
import { PICKED } from "./position"

const WATCHED = ["lon", "lat", "matter", "words"]

export function hints(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-hints]")
  if (!form) return
  let timer = 0
  let asked: AbortController | undefined
  const soon = () => {
    clearTimeout(timer)
    timer = window.setTimeout(() => {
      asked?.abort()
      asked = new AbortController()
      ask(form, asked.signal).catch(() => undefined) // without an answer the form works as it is
    }, 500)
  }
  form.addEventListener("input", (event) => { if (WATCHED.includes((event.target as HTMLInputElement).name)) soon() })
  document.addEventListener(PICKED, soon)
  form.addEventListener("click", (event) => choose(form, event.target as HTMLElement, soon))
  form.querySelector("#place")?.addEventListener("keydown", (event) => {
    if ((event as KeyboardEvent).key !== "Enter") return
    event.preventDefault()
    form.querySelector<HTMLButtonElement>("button[name=find]")?.click()
  })
  document.getElementById("errors")?.focus()
}

async function ask(form: HTMLFormElement, signal: AbortSignal): Promise<void> {
  const body = new FormData()
  for (const name of ["csrfmiddlewaretoken", "desk", ...WATCHED]) body.set(name, form.querySelector<HTMLInputElement>(`[name=${name}]`)?.value ?? "")
  const answer = await fetch(form.dataset.hints ?? "", { method: "POST", body, signal })
  if (!answer.ok) return
  const page = new DOMParser().parseFromString(await answer.text(), "text/html")
  for (const part of page.querySelectorAll<HTMLTemplateElement>("template[data-for]")) {
    const at = form.querySelector(`[data-part="${part.dataset.for}"]`)
    if (at && !at.contains(document.activeElement) && at.innerHTML !== part.innerHTML) at.innerHTML = part.innerHTML
  }
}

/** A suggestion sets the list below it. */
function choose(form: HTMLFormElement, at: HTMLElement, soon: () => void): void {
  const button = at.closest<HTMLButtonElement>("button[data-set]")
  const target = button && form.querySelector<HTMLSelectElement>(`[name="${button.dataset.set}"]`)
  if (!button || !target) return
  target.value = button.dataset.value ?? ""
  for (const other of form.querySelectorAll(`button[data-set="${button.dataset.set}"]`)) other.setAttribute("aria-pressed", String(other === button))
  soon()
}

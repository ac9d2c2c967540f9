// The report form: while someone types, the server proposes matters, names the place and shows likely duplicates.
import { PICKED } from "./position"
import { mountAll } from "./start"
import { token } from "./token"

const WATCHED = ["lon", "lat", "unit", "address", "proposed", "component", "matter", "words"]

/** Told to the form when what is known of its place and matter has been renewed. */
export const HINTED = "cityloop:hinted"

/** Answers of a draft to questions that are not drawn yet. */
export const HELD = "input[data-held]"

const drawn = new WeakMap<Element, string>()

export function hints(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-hints]")
  if (!form) return
  watch(form)
  document.addEventListener("cityloop:form", () => {
    const fresh = document.querySelector<HTMLFormElement>("form[data-hints]")
    if (fresh) watch(fresh)
  })
  document.getElementById("errors")?.focus()
}

function watch(form: HTMLFormElement): void {
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
  for (const kind of ["input", "change"]) form.addEventListener(kind, (event) => { if (WATCHED.includes((event.target as HTMLInputElement).name)) soon() })
  document.addEventListener(PICKED, soon)
  window.addEventListener("online", () => { if (form.isConnected) soon() })
  form.addEventListener("click", (event) => choose(form, event.target as HTMLElement, soon))
  form.querySelector("#place")?.addEventListener("keydown", (event) => {
    if ((event as KeyboardEvent).key !== "Enter") return
    event.preventDefault()
    const first = form.querySelector<HTMLElement>("[data-part=spots] button")
    if (first) first.focus()
    else form.querySelector<HTMLButtonElement>("button[name=find]")?.click()
  })
}

async function ask(form: HTMLFormElement, signal: AbortSignal): Promise<void> {
  const [body, typed, held] = [new FormData(), new FormData(form), [...form.querySelectorAll(HELD)]]
  for (const name of ["csrfmiddlewaretoken", "desk", "own", ...WATCHED]) body.set(name, String(typed.get(name) ?? ""))
  for (const [name, value] of typed) if (name.startsWith("answer-")) body.append(name, value)
  let answer = await fetch(form.dataset.hints ?? "", { method: "POST", body, signal })
  if (answer.status === 403) { // this page was kept without network, and its token with it
    body.set("csrfmiddlewaretoken", await token())
    answer = await fetch(form.dataset.hints ?? "", { method: "POST", body, signal })
  }
  if (!answer.ok) return
  const page = new DOMParser().parseFromString(await answer.text(), "text/html")
  for (const part of page.querySelectorAll<HTMLTemplateElement>("template[data-for]")) {
    if (part.dataset.for === "address") propose(form, part.innerHTML.trim() && (part.content.textContent ?? "").trim())
    else for (const at of form.querySelectorAll(`[data-part="${part.dataset.for}"]`)) put(at, part.innerHTML)
  }
  for (const one of held) one.remove() // they stand in the questions now
  form.dispatchEvent(new CustomEvent(HINTED))
  mountAll(form)
}

/** What has not changed stays as it is, and so does what somebody is at. */
function put(at: Element, text: string): void {
  if ((drawn.get(at) === text && at.hasChildNodes()) || at.contains(document.activeElement)) return
  drawn.set(at, text)
  at.innerHTML = text
}

/** The street of the place stands as its address, unless another one was written. */
function propose(form: HTMLFormElement, street: string): void {
  const [address, before] = ["address", "proposed"].map((name) => form.querySelector<HTMLInputElement>(`[name=${name}]`))
  if (!address || !before || (address.value.trim() && address.value !== before.value)) return
  address.value = before.value = street
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

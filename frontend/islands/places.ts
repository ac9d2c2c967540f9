// <input data-places="/places">: shows the places that fit while someone types. Without it the form asks the server.
export function places(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>("input[data-places]:not([data-looking])")) look(input)
}

function look(input: HTMLInputElement): void {
  input.dataset.looking = "yes"
  const at = (input.form ?? document).querySelector<HTMLElement>("[data-part=spots]")
  if (!at) return
  const find = input.closest(".find")?.querySelector<HTMLElement>("button[name=find]")
  if (find) find.hidden = true // places come by themselves; Enter still asks for them
  let timer = 0
  let asked: AbortController | undefined
  input.addEventListener("input", () => {
    clearTimeout(timer)
    asked?.abort()
    if (input.value.trim().length < 2) return void at.replaceChildren()
    timer = window.setTimeout(() => {
      asked = new AbortController()
      ask(input, at, asked.signal).catch(() => undefined) // without an answer the form works as it is
    }, 180)
  })
  input.addEventListener("keydown", (event) => {
    const first = at.querySelector<HTMLElement>("button, a")
    if (event.key === "ArrowDown" && first) { event.preventDefault(); first.focus() }
    if (event.key === "Escape") at.replaceChildren()
  })
  at.addEventListener("keydown", (event) => {
    const all = [...at.querySelectorAll<HTMLElement>("button, a")]
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const next = all.indexOf(document.activeElement as HTMLElement) + step
    if (next < 0) input.focus()
    else all[next]?.focus()
  })
}

async function ask(input: HTMLInputElement, at: HTMLElement, signal: AbortSignal): Promise<void> {
  const query = new URLSearchParams({ q: input.value, ...(input.dataset.as ? { as: input.dataset.as } : {}) })
  const answer = await fetch(`${input.dataset.places}?${query}`, { signal })
  if (!answer.ok) return
  const page = new DOMParser().parseFromString(await answer.text(), "text/html")
  at.replaceChildren(...page.body.childNodes)
}

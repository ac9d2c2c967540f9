// A long choice is narrowed by typing: letters find words in every language a choice is known by, from the keyboard alone.
// Without scripts there is the plain choice, and no box beside it.

const MOST = 8 // rows of a choice that is being narrowed

/** Whether what something is called, or found by (`data-words`), holds every word that is wanted. */
export function fits(one: HTMLElement, wanted: string): boolean {
  const said = `${one.textContent ?? ""} ${one.dataset.words ?? ""}`.toLocaleLowerCase()
  return wanted.toLocaleLowerCase().split(/\s+/).every((word) => said.includes(word))
}

export function narrowing(): void {
  for (const box of document.querySelectorAll<HTMLElement>("[data-narrows]")) narrow(box)
}

function narrow(box: HTMLElement): void {
  const select = document.getElementById(box.dataset.narrows ?? "") as HTMLSelectElement | null
  const [input, told] = [box.querySelector("input"), box.querySelector<HTMLElement>("[role=status]")]
  if (!select || !input) return
  const whole = [...select.children] // groups and choices as they came: a browser may draw hidden ones, so they are taken out
  let kept = select.value // what was chosen stays so while something else is looked for
  box.hidden = false

  const show = () => {
    const wanted = input.value.trim()
    kept = select.value || kept
    select.replaceChildren(...(wanted ? found(whole, wanted) : whole))
    const number = select.querySelectorAll("option").length
    const rows = number + select.querySelectorAll("optgroup").length
    select.size = wanted ? Math.max(2, Math.min(MOST, rows)) : 0
    select.value = kept
    if (told) told.textContent = wanted ? (told.dataset.told ?? "").replace("{n}", String(number)) : ""
  }
  const restore = () => {
    input.value = ""
    show()
  }
  const choose = (option?: HTMLOptionElement | null) => {
    const value = option?.value ?? select.value
    restore()
    select.value = kept = value
    select.dispatchEvent(new Event("change", { bubbles: true }))
    select.focus()
  }

  input.addEventListener("input", show)
  input.addEventListener("keydown", (event) => {
    const first = select.querySelector<HTMLOptionElement>("option")
    if (event.key === "Enter") {
      event.preventDefault() // the report is not sent by looking for a matter
      if (input.value.trim() && first) choose(first)
    } else if (event.key === "ArrowDown" && input.value.trim() && first) {
      event.preventDefault()
      select.value = first.value
      select.focus()
    } else if (event.key === "Escape" && input.value) {
      event.stopPropagation()
      restore()
    }
  })
  // In the list: Enter or a click takes what is chosen there.
  select.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !input.value.trim()) return
    event.preventDefault()
    choose()
  })
  select.addEventListener("change", () => { kept = select.value })
  input.form?.addEventListener("submit", restore, true)
  input.form?.addEventListener("click", (event) => { if ((event.target as HTMLElement).closest(`[data-set=${select.name}]`)) restore() }, true)
  select.addEventListener("click", () => { if (input.value.trim() && select.value) choose() })
}

/** The choices that fit, each as it came: a group keeps those of its own. */
function found(whole: Element[], wanted: string): Element[] {
  return whole.flatMap((one) => {
    if (one instanceof HTMLOptionElement) return one.value && fits(one, wanted) ? [one] : []
    const kept = [...one.querySelectorAll("option")].filter((option) => fits(option, wanted)).map((option) => option.cloneNode(true))
    if (!kept.length) return []
    const group = one.cloneNode() as Element
    group.append(...kept)
    return [group]
  })
}

// Words ready to be taken up: a click puts them into the field above, in place of others taken up before.
export function replies(): void {
  const taken = new WeakMap<HTMLTextAreaElement, string>()
  document.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest?.<HTMLElement>("[data-take]")
    const box = button?.closest<HTMLDetailsElement>("[data-replies]")
    const field = box && document.getElementById(box.dataset.replies ?? "")
    const words = button?.parentElement?.querySelector("p")?.textContent
    if (!box || !words || !(field instanceof HTMLTextAreaElement)) return
    const before = field.value.trim()
    field.value = before && before !== taken.get(field) ? `${before}\n\n${words}` : words
    if (field.value === words) taken.set(field, words)
    field.dispatchEvent(new Event("input", { bubbles: true }))
    box.open = false
    field.focus()
  })
}

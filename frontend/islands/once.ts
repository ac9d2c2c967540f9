// A form is sent once: its button says so and stays down until the answer comes.
export function once(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement
    if (form.dataset.sent === "yes" && !event.defaultPrevented) event.preventDefault()
    else if (form.method === "post") form.dataset.sent = "yes"
    const button = (event as SubmitEvent).submitter
    if (form.dataset.sent === "yes") button?.setAttribute("aria-busy", "true")
  })
  // Back in history shows the page as it was left.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) freed(form)
  })
}

/** A form that was not sent after all can be sent again. */
export function freed(form: HTMLFormElement): void {
  delete form.dataset.sent
  for (const part of form.elements) part.removeAttribute("aria-busy")
}

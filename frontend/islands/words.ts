// Words of a form that was sent after its session had ended: this tab keeps them while one signs in anew, and puts them
// back into the field they were written in. It sends nothing itself.
const KEPT = "cityloop-words"
const NOT_KEPT = ["csrfmiddlewaretoken", "offer", "seq", "kept", "key", "next"]

interface Words { page: string; form: string; seq: string; whose: string; fields: [string, string][]; photos: boolean; held?: boolean }

export function words(): void {
  back()
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement
    if (form.method === "post" && !event.defaultPrevented && form.querySelector("textarea")) write(of(form))
  })
}

const whose = () => document.querySelector<HTMLElement>("[data-whose]")?.dataset.whose ?? ""
const named = (form: HTMLFormElement) => form.querySelector<HTMLInputElement>("[name=offer]")?.value ?? form.getAttribute("action") ?? ""
const seqOf = (form: HTMLFormElement | undefined) => form?.querySelector<HTMLInputElement>("[name=seq]")?.value ?? ""

function of(form: HTMLFormElement): Words {
  const all = [...new FormData(form)]
  const fields = all.filter((pair): pair is [string, string] => typeof pair[1] === "string" && !NOT_KEPT.includes(pair[0]))
  const photos = all.some(([, value]) => value instanceof File && value.size > 0)
  return { page: location.pathname, form: named(form), seq: seqOf(form), whose: whose(), fields, photos }
}

/** On the page of signing in the words are held; on the page they came from they are put back, where they were not taken. */
function back(): void {
  const kept = read()
  if (!kept) return
  if (document.querySelector("form [name=password]")) return write({ ...kept, held: true })
  if (location.pathname !== kept.page) {
    if (!kept.held) drop() // it was sent, and the answer led on
    return
  }
  drop()
  const form = [...document.querySelectorAll<HTMLFormElement>("main form[method=post]")].find((one) => named(one) === kept.form)
  const untaken = kept.held || (kept.seq !== "" && kept.seq === seqOf(form))
  if (form && untaken && kept.whose === whose() && !form.matches("[data-tried]")) fill(form, kept)
}

function fill(form: HTMLFormElement, kept: Words): void {
  for (const box of form.querySelectorAll<HTMLInputElement>("[type=checkbox], [type=radio]")) box.checked = false
  for (const [name, value] of kept.fields) {
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>(`[name="${CSS.escape(name)}"]`)) {
      if (field instanceof HTMLInputElement && ["checkbox", "radio"].includes(field.type)) field.checked ||= field.value === value
      else if (!(field instanceof HTMLButtonElement) && field.getAttribute("type") !== "file") field.value = value
    }
  }
  const box = form.closest("details")
  if (box) box.open = true
  say(form, kept.photos)
  const field = form.querySelector<HTMLTextAreaElement>("textarea")
  field?.dispatchEvent(new Event("input", { bubbles: true }))
  field?.focus()
}

/** Says what became of it: nothing was sent, and photos have to be chosen again. */
function say(form: HTMLFormElement, photos: boolean): void {
  const told = document.querySelector<HTMLElement>("[data-whose]")?.dataset
  const note = document.createElement("p")
  note.className = "note is-due"
  note.setAttribute("role", "status")
  note.textContent = [told?.wordNotSent, photos ? told?.wordPhotos : ""].filter(Boolean).join(" ")
  form.prepend(note)
}

function read(): Words | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Words | undefined ?? undefined
  } catch {
    return undefined
  }
}

function write(kept: Words): void {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept))
  } catch { /* a device that keeps nothing */ }
}

function drop(): void {
  try {
    sessionStorage.removeItem(KEPT)
  } catch { /* the same */ }
}

// Photos of a report: added one after the other, shown small, taken away again; made smaller before they are kept or sent.
const LARGE = 1_200_000 // bytes
const SIDE = 2_048 // pixels: more shows nothing more of a street
const MOST = 10

export function photos(input: HTMLInputElement, changed: () => void): void {
  const thumbs = input.closest(".field")?.querySelector<HTMLElement>("[data-thumbs]")
  input.closest(".field")?.classList.add("by-script")
  for (const button of document.querySelectorAll<HTMLButtonElement>(`[data-camera="${input.id}"]`)) camera(button, input)
  let held: File[] = [...(input.files ?? [])]
  const show = () => {
    set(input, held)
    for (const old of thumbs?.querySelectorAll("button") ?? []) old.remove()
    thumbs?.append(...held.map((file) => thumb(file, thumbs.dataset.wordRemove ?? "", () => remove(file))))
  }
  const remove = (file: File) => {
    const at = held.indexOf(file)
    held = held.filter((f) => f !== file)
    show()
    const left = [...(thumbs?.querySelectorAll("button") ?? [])]
    ;(left[at] ?? left.at(-1) ?? input).focus() // who goes by keyboard goes on where the photo was
    changed()
  }
  input.addEventListener("change", async () => {
    const added = await Promise.all([...(input.files ?? [])].filter((f) => !held.includes(f)).map(smaller))
    held = [...held, ...added].slice(0, MOST)
    show()
    changed()
  })
  input.addEventListener("cityloop:photos", (event) => {
    held = (event as CustomEvent<File[]>).detail
    show()
  })
}

/** A button that opens the camera at once, in place of a choice between it and the pictures kept. */
function camera(button: HTMLButtonElement, input: HTMLInputElement): void {
  button.hidden = false
  button.addEventListener("click", () => {
    input.setAttribute("capture", "environment")
    input.click()
    input.removeAttribute("capture")
  })
}

/** Puts files into the input, as if they had been chosen. */
function set(input: HTMLInputElement, files: File[]): void {
  const held = new DataTransfer()
  for (const file of files) held.items.add(file)
  input.files = held.files
}

function thumb(file: File, word: string, remove: () => void): HTMLElement {
  const box = document.createElement("button")
  box.type = "button"
  box.title = word
  box.append(small(file, `${word}: ${file.name}`))
  box.addEventListener("click", remove)
  return box
}

function small(file: File, words: string): HTMLImageElement {
  const picture = document.createElement("img")
  picture.width = 96
  picture.height = 72
  picture.alt = words
  picture.src = URL.createObjectURL(file)
  picture.onload = () => URL.revokeObjectURL(picture.src)
  return picture
}

/** Shows once more, without a way to take them away, what an input and the draft it belongs to hold. */
export function shown(input: HTMLInputElement): Node[] {
  const kept = input.closest(".field")?.querySelectorAll("[data-thumbs] > img") ?? []
  return [...[...kept].map((one) => one.cloneNode()), ...[...(input.files ?? [])].map((file) => small(file, file.name))]
}

/** Gives a smaller picture of a large one; what cannot be read here goes as it is, and the server says what it thinks. */
async function smaller(file: File): Promise<File> {
  if (file.size < LARGE || !("createImageBitmap" in window)) return file
  try {
    const whole = await createImageBitmap(file, { imageOrientation: "from-image" })
    const scale = Math.min(1, SIDE / Math.max(whole.width, whole.height))
    const canvas = document.createElement("canvas")
    canvas.width = Math.round(whole.width * scale)
    canvas.height = Math.round(whole.height * scale)
    canvas.getContext("2d")?.drawImage(whole, 0, 0, canvas.width, canvas.height)
    whole.close()
    const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.85))
    if (!made || made.size >= file.size) return file
    return new File([made], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg", lastModified: file.lastModified })
  } catch {
    return file
  }
}

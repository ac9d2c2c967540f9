// The three steps of a report without a round trip. The server shows the same steps to a browser without scripts.
import { done, keepNow, newKey, queue, restored } from "./keeping"
import { HINTED } from "./hints"
import { fits } from "./narrowing"
import { photos, shown } from "./photos"
import { places } from "./places"
import { offerPosition, pick, PICKED, POSITIONED, positionNow } from "./position"
import { FOLLOWING, remember } from "./store"
import { freed } from "./once"
import { mountAll } from "./start"
import { token } from "./token"

const ORDER = ["where", "what", "send"]
const ONWARD: Record<string, string> = { where: "what", what: "review", send: "send" }
const LOOK = "cityloop:look"

export function flow(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-steps]")
  if (form) begin(form, true)
}

function begin(form: HTMLFormElement, first: boolean): void {
  const one = new Flow(form)
  one.listen()
  if (first && form.dataset.refused === undefined) one.fresh().catch(() => undefined)
}

class Flow {
  private timer = 0
  private waits = false // for the network: Back does not make a draft of it again

  constructor(private readonly form: HTMLFormElement) {}

  private get own(): boolean { return this.form.dataset.own !== undefined }
  private get step(): string { return this.form.dataset.step ?? "where" }
  private all<T extends HTMLElement>(what: string): T[] { return [...this.form.querySelectorAll<T>(what)] }
  private one<T extends HTMLElement>(what: string): T | null { return this.form.querySelector<T>(what) }
  private input(name: string): HTMLInputElement | null { return this.one<HTMLInputElement>(`[name="${name}"]`) }

  listen(): void {
    this.form.addEventListener("click", (event) => this.clicked(event))
    this.form.addEventListener("submit", (event) => this.submitted(event))
    for (const kind of ["input", "change"]) this.form.addEventListener(kind, () => this.changed())
    document.addEventListener(PICKED, () => this.changed())
    document.addEventListener(POSITIONED, () => { if (this.form.isConnected && this.step === "where") this.go(this.beyond("what")) })
    window.addEventListener("popstate", (event) => {
      const to = (event.state as { step?: string } | null)?.step // none where a link led to a field of this page
      if (to && this.form.isConnected && !this.waits) this.show(to)
    })
    this.form.addEventListener(HINTED, () => { asking(this.form); this.entitle() })
    const files = this.one<HTMLInputElement>("input[name=photos]")
    if (files) photos(files, () => this.changed())
    for (const box of this.all("[data-filter], [data-later]")) box.hidden = false
    this.one<HTMLInputElement>("#filter")?.addEventListener("input", (event) => this.filter((event.target as HTMLInputElement).value))
    history.replaceState({ step: this.step }, "")
    following("")
    this.placed()
    places()
  }

  /** A page just opened: another report than the last one; a place given in the address; a report to go on with. */
  async fresh(): Promise<void> {
    const key = this.input("key")
    if (key) key.value = newKey()
    const asked = new URLSearchParams(location.search)
    const [lon, lat] = [asked.get("lon"), asked.get("lat")]
    if (lon && lat && !this.input("lon")?.value) {
      pick("lon,lat", Number(lon), Number(lat), true) // the page came from this device, without network
      this.show("what")
    }
    const wanted = /^#continue=(.+)$/.exec(location.hash)?.[1]
    if (wanted) await this.resume(decodeURIComponent(wanted))
    else if (this.own && !this.hasPlace()) positionNow(() => this.form.isConnected && !this.hasPlace())
    window.addEventListener("hashchange", () => {
      const next = /^#continue=(.+)$/.exec(location.hash)?.[1]
      if (next) this.resume(decodeURIComponent(next)).catch(() => undefined)
    })
  }

  private async resume(key: string): Promise<void> {
    if (this.waits) return location.reload()
    history.replaceState({ step: this.step }, "", location.pathname)
    const step = await restored(this.form, key)
    if (!step) return
    this.changed()
    this.show(step)
  }

  private clicked(event: MouseEvent): void {
    this.shownFor((event.target as HTMLElement).closest<HTMLAnchorElement>("#errors a"))
    const button = (event.target as HTMLElement).closest<HTMLButtonElement>("button")
    if (!button) return
    const to = this.target(button)
    if (to === undefined) return
    event.preventDefault()
    if (to) this.go(to)
  }

  /** What is told as wrong is shown before its link leads there. */
  private shownFor(link: HTMLAnchorElement | null): void {
    const at = link && this.one(link.hash)?.closest<HTMLElement>("section[data-at]")?.dataset.at
    if (at && at !== this.step) this.go(at)
  }

  /** The step a button leads to; "" for one that has done its work here, undefined for one that asks the server. */
  private target(button: HTMLButtonElement): string | undefined {
    if (button.name === "choose") return this.choose(button)
    if (button.name === "pick") return button.value.startsWith("component:") ? undefined : this.picked(button)
    if (button.dataset.go) return this.may(button.dataset.go) ? this.beyond(button.dataset.go) : ""
    if (button.matches("[data-back]")) return this.behind(this.step)
    if (button.matches("[data-later]")) { keepNow(this.form).then(() => location.assign("/")).catch(() => this.failed("unkept")); return "" }
    if (button.matches("[data-different]")) return this.different()
    if (button.matches("[data-default]") && this.step !== "send") {
      const next = ORDER[ORDER.indexOf(this.step) + 1] ?? "send"
      return this.may(next) ? next : ""
    }
    return undefined
  }

  /** The step before another; a find begins with what it is, and the place is found beside. */
  private behind(step: string): string | undefined {
    return this.own ? (step === "what" ? undefined : "what") : ORDER[ORDER.indexOf(step) - 1]
  }

  /** Who said what it is before where it is, goes on to the end. */
  private beyond(to: string): string {
    return this.own && this.step === "where" && to === "what" && this.hasMatter() ? "send" : to
  }

  private choose(button: HTMLButtonElement): string | undefined {
    const radio = this.all<HTMLInputElement>("input[name=matter]").find((r) => r.value === button.value)
    if (!radio) return undefined // a matter that came into force after this page: the server draws the next one with it
    radio.checked = true
    radio.dispatchEvent(new Event("change", { bubbles: true })) // what it asks is looked up, and what is like it
    return this.own && !this.may("send") ? "" : "send"
  }

  private picked(button: HTMLButtonElement): string {
    const [lon, lat, unit, ...rest] = button.value.split(" ")
    const text = (word: string | undefined) => (word === "-" ? "" : word ?? "")
    for (const [name, value] of Object.entries({ lon: text(lon), lat: text(lat), unit: text(unit), address: rest.join(" "), proposed: "", component: "" })) {
      const input = this.input(name)
      if (input) input.value = value
    }
    for (const at of this.all("[data-part=where] > span")) {
      const words = document.createElement("b")
      words.textContent = button.dataset.name ?? ""
      at.replaceChildren(words)
    }
    this.one("[data-part=spots]")?.replaceChildren()
    const input = this.input("place")
    if (input) input.value = ""
    const look = (button.dataset.look ?? "").split(",").map(Number)
    if (text(lon)) pick("lon,lat", Number(lon), Number(lat), true)
    else document.dispatchEvent(new CustomEvent(LOOK, { detail: look }))
    this.input("lon")?.dispatchEvent(new Event("input", { bubbles: true }))
    this.one<HTMLElement>("[data-go=what]")?.focus()
    return ""
  }

  private different(): string {
    const section = this.one("section.send")
    if (section) {
      section.dataset.different = this.input("seen")?.value ?? ""
      delete section.dataset.asking
    }
    this.entitle()
    this.form.querySelector<HTMLElement>("h1")?.focus()
    return ""
  }

  /** Tells whether one may go on to a step; else says what is missing, at its place. */
  private may(to: string): boolean {
    const at = ORDER.indexOf(to)
    const missing = at > 0 && !this.hasPlace() ? "where" : at > 1 && !this.hasMatter() ? "what" : ""
    if (!missing) {
      for (const old of this.all("[data-missing]")) old.remove()
      return true
    }
    if (missing !== this.step) this.show(missing)
    const button = this.one<HTMLButtonElement>(`section.${missing} [data-wants]`)
    this.say(button, button?.dataset.wants)
    return false
  }

  /** Says what is wrong, above the button that cannot do its work. */
  private say(button: HTMLElement | null, words = ""): void {
    for (const old of this.all("[data-missing]")) old.remove()
    const says = document.createElement("p")
    says.className = "error"
    says.dataset.missing = ""
    says.setAttribute("role", "alert")
    says.textContent = words
    button?.before(says)
  }

  private hasPlace(): boolean {
    return ["lon", "unit", "address"].some((name) => Boolean(this.input(name)?.value.trim()))
  }

  private hasMatter(): boolean {
    const chosen = this.one<HTMLInputElement>("input[name=matter]:checked")?.value
    return Boolean(chosen) || Boolean(this.input("words")?.value.trim() || this.one<HTMLInputElement>("input[name=photos]")?.files?.length || this.input("kept")?.value)
  }

  private go(to: string): void {
    if (to === this.step) return
    history.pushState({ step: to }, "")
    this.show(to)
  }

  private show(to: string): void {
    const number = ORDER.indexOf(to)
    this.form.dataset.step = to
    for (const section of this.all("section[data-at]")) section.hidden = section.dataset.at !== to
    for (const words of this.all("[data-progress] [data-at]")) words.hidden = words.dataset.at !== to
    this.all("[data-progress] i").forEach((bar, n) => bar.classList.toggle("done", n <= number))
    const [home, back] = [this.one("[data-home]"), this.one<HTMLButtonElement>("[data-back]")]
    const before = this.behind(to)
    if (home) home.hidden = before !== undefined
    if (back) { back.hidden = before === undefined; back.value = before ?? "where" }
    const standing = this.one<HTMLButtonElement>("[data-default]")
    if (standing) standing.value = ONWARD[to] ?? "send"
    if (to === "send") this.review()
    this.entitle()
    this.form.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
    mountAll(this.form)
    keepNow(this.form).catch(() => undefined)
  }

  /** The heading and the tab say what the step asks. */
  private entitle(): void {
    const section = this.one(`section.${this.step}`)
    const words = (section?.dataset.asking === undefined ? section?.dataset.title : section.dataset.question) ?? ""
    const heading = this.form.querySelector("h1")
    if (heading) heading.textContent = words
    document.title = [words, ...document.title.split(" · ").slice(1)].join(" · ")
  }

  /** The last step says what will be sent, and asks first whether it is known already. */
  private review(): void {
    const matter = this.one<HTMLInputElement>("input[name=matter]:checked")
    const [named, said] = [this.one("[data-sum=matter]"), this.one("[data-sum=words]")]
    if (named) named.textContent = matter?.value ? matter.closest("label")?.textContent?.trim() ?? "" : ""
    if (said) said.textContent = (this.input("words")?.value ?? "").slice(0, 160)
    const pictures = this.input("photos")
    if (pictures) this.one("[data-sum=photos]")?.replaceChildren(...shown(pictures))
    asking(this.form)
  }

  private filter(text: string): void {
    for (const label of this.all(".matters label")) label.hidden = !fits(label, text.trim())
    for (const group of this.all(".matters fieldset")) group.hidden = !group.querySelector("label:not([hidden])")
  }

  private placed(): void {
    if (this.hasPlace()) this.form.dataset.placed = ""
    else delete this.form.dataset.placed
    const chosen = this.one<HTMLInputElement>("input[name=matter]:checked")?.value
    for (const button of this.all<HTMLButtonElement>("button[name=choose]")) button.toggleAttribute("aria-pressed", false)
    for (const button of this.all<HTMLButtonElement>("button[name=choose]")) if (chosen && button.value === chosen) button.setAttribute("aria-pressed", "true")
  }

  private changed(): void {
    if (!this.form.isConnected) return
    this.placed()
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => { keepNow(this.form).catch(() => undefined) }, 400)
  }

  private submitted(event: SubmitEvent): void {
    const by = event.submitter as HTMLButtonElement | null
    if (by?.name === "instead") following(this.input("key")?.value ?? "")
    if (by && (by.name !== "do" || by.value !== "send")) return
    event.preventDefault()
    if (this.form.dataset.sent !== "yes") this.send().catch(() => this.failed("failed"))
  }

  /** Nothing was sent: says why beside the button of this step, which can be used again. */
  private failed(why: string): void {
    freed(this.form)
    const words = this.one<HTMLElement>("#send")?.dataset
    this.say(this.one<HTMLElement>(this.step === "send" ? "#send" : `section.${this.step} .go-on`), words?.[why] ?? words?.failed)
  }

  private async send(): Promise<void> {
    clearTimeout(this.timer)
    for (const old of this.all("[data-missing]")) old.remove()
    await new Promise((done) => setTimeout(done)) // the button is down before anything can fail
    if (!navigator.onLine) return this.later()
    let answer: Response
    let text = ""
    try {
      answer = await this.post()
      if (answer.status === 403) {
        const held = this.input("csrfmiddlewaretoken")
        if (held) held.value = await token()
        answer = await this.post()
      }
      text = await answer.text()
    } catch {
      return this.later()
    }
    if (answer.status === 201) {
      const told = JSON.parse(text) as { url: string; code: string; number: string }
      const about = this.one("[data-sum=matter]")?.textContent ?? ""
      await remember({ code: told.code, number: told.number, about, at: Date.now(), told: true }).catch(() => undefined)
      await done(this.form)
      location.assign(told.url)
      return
    }
    if (this.replaced(text)) return
    if (answer.status >= 500 || answer.status === 401) return this.later()
    this.failed({ 413: "large", 429: "often" }[answer.status] ?? "failed")
  }

  private post(): Promise<Response> {
    const body = new FormData(this.form)
    body.set("do", "send")
    return fetch(this.form.action, { method: "POST", body, headers: { Accept: "application/json, text/html" } })
  }

  /** The server asks back: its page stands in place of ours, with all that was typed. */
  private replaced(text: string): boolean {
    const page = new DOMParser().parseFromString(text, "text/html")
    const fresh = page.querySelector<HTMLFormElement>("form[data-steps]")
    if (!fresh) return false
    const held = this.carried(fresh)
    this.form.replaceWith(fresh)
    offerPosition(fresh)
    begin(fresh, false)
    if (held.length) fresh.querySelector("input[name=photos]")?.dispatchEvent(new CustomEvent("cityloop:photos", { detail: held }))
    document.dispatchEvent(new CustomEvent("cityloop:form"))
    mountAll(fresh)
    const errors = fresh.querySelector<HTMLElement>("#errors, h1")
    errors?.focus()
    return true
  }

  /** The photos of this device stay with the form, however long it waits: the server's copies of them are left out. */
  private carried(fresh: HTMLFormElement): File[] {
    const held = [...(this.one<HTMLInputElement>("input[name=photos]")?.files ?? [])]
    const kept = fresh.querySelector<HTMLInputElement>("[name=kept]")
    if (!held.length || !kept) return []
    kept.value = kept.dataset.before ?? ""
    for (const copy of fresh.querySelectorAll("[data-thumbs] > [data-new]")) copy.remove()
    return held
  }

  private async later(): Promise<void> {
    await queue(this.form)
    this.waits = true
    for (const part of this.all("section[data-at], [data-back], [data-progress], [data-later]")) part.hidden = true
    const home = this.one("[data-home]")
    if (home) home.hidden = false
    const heading = this.form.querySelector<HTMLElement>("h1")
    if (heading) { heading.textContent = heading.dataset.kept ?? ""; heading.focus() }
  }
}

/** Remembers which draft becomes words on another's report: the page after it throws the draft away. */
function following(key: string): void {
  try {
    sessionStorage.setItem(FOLLOWING, key)
  } catch { /* a device that keeps nothing */ }
}

/** Asks whether it is one of those near by, unless it was said that it is not. */
function asking(form: HTMLFormElement): void {
  const section = form.querySelector<HTMLElement>("section.send")
  const seen = section?.querySelector<HTMLInputElement>("[name=seen]")
  if (!section) return
  const before = (section.dataset.different ?? "").split(",")
  const fresh = (seen?.value ?? "").split(",").some((id) => id && !before.includes(id))
  if (seen) seen.disabled = Boolean(section.hidden)
  if (fresh) section.dataset.asking = ""
  else delete section.dataset.asking
}

// Checks a receipt in the browser, with the city's published key alone: the chain of steps, each step's place under a
// sealed root (RFC 9162), and every signature (Ed25519). The same as docs/verifier/verify.mjs does outside.
type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Signed = { statement: Record<string, Json>; signature: string }
type Step = { body: string; seal: number; index: number; proof: string[] }
type Receipt = { subject: string; number: string; steps: Step[]; seals: Signed[]; issued: Signed }
type Key = { key_id?: string; public: string }

const text = new TextEncoder()
const hex = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("")
const unhex = (said: string) => Uint8Array.from(said.match(/../g) ?? [], (pair) => parseInt(pair, 16))
const unbase = (said: string) => Uint8Array.from(atob(said), (c) => c.charCodeAt(0))

async function sha(...parts: Uint8Array[]): Promise<Uint8Array> {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) { all.set(part, at); at += part.length }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all))
}

/** RFC 8785 for what stands on the ledger: strings, safe integers, booleans, null, arrays, objects. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (value === null || typeof value !== "object") return JSON.stringify(value)
  return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k] ?? null)}`).join(",")}}`
}

/** From a leaf and its inclusion proof to the root (RFC 9162, section 2.1.3.2). */
async function rootFrom(leaf: Uint8Array, index: number, size: number, proof: string[]): Promise<string> {
  let [fn, sn, head] = [index, size - 1, await sha(Uint8Array.of(0), leaf)]
  for (const sibling of proof.map(unhex)) {
    if (sn === 0) return ""
    if (fn % 2 === 1 || fn === sn) {
      head = await sha(Uint8Array.of(1), sibling, head)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1]
    } else head = await sha(Uint8Array.of(1), head, sibling)
    ;[fn, sn] = [fn >> 1, sn >> 1]
  }
  return sn === 0 ? hex(head) : ""
}

type Verify = (signed: Signed | undefined) => Promise<boolean>

async function verifier(keys: Key[]): Promise<Verify> {
  const known = new Map<string, CryptoKey>()
  for (const key of keys) known.set(key.key_id ?? "", await crypto.subtle.importKey("raw", unbase(key.public), { name: "Ed25519" }, false, ["verify"]))
  return async (signed) => {
    const key = known.get(String(signed?.statement?.key_id ?? ""))
    if (!signed || !key) return false
    return crypto.subtle.verify({ name: "Ed25519" }, key, unbase(signed.signature), text.encode(canonical(signed.statement)))
  }
}

/** What is wrong: a part of the receipt, and the number of the step or seal where there are several. */
export type Fault = { what: "chain" | "place" | "seal" | "receipt"; n: number }

/** Gives what is wrong with a receipt, nothing where it holds. */
export async function faults(receipt: Receipt, keys: Key[]): Promise<Fault[]> {
  const found: Fault[] = []
  const verified = await verifier(keys)
  const seals = new Map(receipt.seals.map((s) => [s.statement.number, s.statement]))
  for (const seal of receipt.seals) if (!(await verified(seal))) found.push({ what: "seal", n: Number(seal.statement.number) })
  let prev = "0".repeat(64)
  for (const [i, step] of receipt.steps.entries()) {
    const said = JSON.parse(step.body) as Record<string, Json>
    if (said.subject !== receipt.subject || said.seq !== i + 1 || said.prev !== prev) found.push({ what: "chain", n: i + 1 })
    const hash = await sha(text.encode(step.body))
    prev = hex(hash)
    const seal = seals.get(step.seal)
    const root = seal ? await rootFrom(hash, step.index, Number(seal.size), step.proof) : ""
    if (!root || root !== seal?.root) found.push({ what: "place", n: i + 1 })
  }
  const said = receipt.issued?.statement ?? {}
  const whole = said.number === receipt.number && said.subject === receipt.subject && said.steps === receipt.steps.length && said.head === prev
  if (!(await verified(receipt.issued)) || !whole) found.push({ what: "receipt", n: 0 })
  return found
}

export function mount(at: HTMLElement): void {
  const button = at.querySelector("button")
  const says = at.querySelector<HTMLElement>("[role=status]")
  if (!button || !says) return
  at.hidden = false
  button.addEventListener("click", () => {
    button.setAttribute("aria-busy", "true")
    check(at).then((words) => { says.textContent = words }).finally(() => button.removeAttribute("aria-busy"))
  })
}

async function check(at: HTMLElement): Promise<string> {
  const words = at.dataset
  if (!(await able())) return words.wordCannot ?? ""
  const [receipt, published] = await Promise.all([words.receipt, words.keys].map((path) => fetch(path ?? "").then((answer) => answer.json(), () => undefined)))
  if (!receipt || !published) return words.wordAway ?? ""
  const held = receipt as Receipt
  if (!held.steps.length) return words.wordNone ?? ""
  const found = await faults(held, (published as { keys: Key[] }).keys).catch((): Fault[] => [{ what: "receipt", n: 0 }])
  at.dataset.held = String(!found.length)
  return found.length ? `${words.wordWrong ?? ""} ${found.map((one) => named(words, one)).join(" ")}` : `${words.wordHolds ?? ""} ${words.wordSteps ?? ""} ${held.steps.length}`
}

/** A fault in the words of the page. */
function named(words: DOMStringMap, { what, n }: Fault): string {
  const said = { chain: words.wordChain, place: words.wordPlace, seal: words.wordSeal, receipt: words.wordReceipt }[what]
  return (said ?? what).replace("{n}", String(n))
}

async function able(): Promise<boolean> {
  if (!globalThis.crypto?.subtle) return false
  return crypto.subtle.importKey("raw", new Uint8Array(32).fill(1), { name: "Ed25519" }, false, ["verify"]).then(() => true, () => false)
}

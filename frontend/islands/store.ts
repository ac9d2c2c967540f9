// What this device keeps of reports, in IndexedDB: drafts and what waits to be sent, and the codes of what was sent.
// Nothing of it leaves the device but the report itself.

export interface Draft {
  key: string
  at: number
  step: string
  state: "draft" | "queued" | "sending" | "refused"
  to?: string // the address of its form; what was kept before there were two is a resident's
  about: string
  fields: Record<string, string>
  photos: File[]
  tries?: number
  why?: string
  cause?: "tries" | "large" | "old" | "signed-out" // why it was not taken, where the server has not said so itself
}

export interface Mine { code: string; number: string; about: string; at: number; told?: boolean }

/** Where a tab remembers the draft that goes to another's report. */
export const FOLLOWING = "cityloop-following"

/** The form of a resident. */
export const REPORT = "/report"

const DAY = 86_400_000
const KEPT = 30 * DAY
const WAITS = 14 * DAY // the server knows the key of a report for a day more: what it took already is not taken twice
const WAITING = ["queued", "sending"]

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const asked = indexedDB.open("cityloop", 1)
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("drafts", { keyPath: "key" })
      asked.result.createObjectStore("mine", { keyPath: "code" })
    }
    asked.onsuccess = () => done(asked.result)
    asked.onerror = () => failed(asked.error)
  })
}

async function ask<T>(store: string, mode: IDBTransactionMode, what: (of: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open()
  try {
    return await new Promise((done, failed) => {
      const within = db.transaction(store, mode)
      const asked = what(within.objectStore(store))
      within.oncomplete = () => done(asked.result)
      within.onerror = within.onabort = () => failed(within.error)
    })
  } finally {
    db.close()
  }
}

/** Gives the drafts of the last thirty days, the newest first; older ones are thrown away. What has waited too long to be
 * sent by itself is for the reporter to look at again. */
export async function drafts(): Promise<Draft[]> {
  const now = Date.now()
  const found: Draft[] = []
  for (const one of await ask<Draft[]>("drafts", "readonly", (of) => of.getAll())) {
    if (one.at < now - KEPT) await drop(one.key)
    else if (WAITING.includes(one.state) && one.at < now - WAITS) {
      const old: Draft = { ...one, state: "refused", cause: "old" }
      await swap(old, WAITING)
      found.push(old)
    } else found.push(one)
  }
  return found.sort((a, b) => b.at - a.at)
}

/** Keeps a draft in place of one in a certain state only, and tells whether it did; with `fresh` also in place of none. */
export async function swap(one: Draft, from: string[], fresh = false): Promise<boolean> {
  const db = await open()
  try {
    return await new Promise((done, failed) => {
      const within = db.transaction("drafts", "readwrite")
      const of = within.objectStore("drafts")
      const asked = of.get(one.key) as IDBRequest<Draft | undefined>
      let may = false
      asked.onsuccess = () => {
        may = asked.result ? from.includes(asked.result.state) : fresh
        if (may) of.put(one)
      }
      within.oncomplete = () => done(may)
      within.onerror = within.onabort = () => failed(within.error)
    })
  } finally {
    db.close()
  }
}

export const keep = (one: Draft) => ask("drafts", "readwrite", (of) => of.put(one))
export const drop = (key: string) => ask("drafts", "readwrite", (of) => of.delete(key))
export const remember = (one: Mine) => ask("mine", "readwrite", (of) => of.put(one))
export const forget = (code: string) => ask("mine", "readwrite", (of) => of.delete(code))

export async function mine(): Promise<Mine[]> {
  return (await ask<Mine[]>("mine", "readonly", (of) => of.getAll())).sort((a, b) => b.at - a.at)
}

// What this device keeps of reports, in IndexedDB: drafts and what waits to be sent, and the codes of what was sent.
// Nothing of it leaves the device but the report itself.

export interface Draft {
  key: string
  at: number
  step: string
  state: "draft" | "queued" | "sending" | "refused"
  about: string
  fields: Record<string, string>
  photos: File[]
  why?: string
}

export interface Mine { code: string; number: string; about: string; at: number; told?: boolean }

const DAYS = 30 * 86_400_000

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

/** Gives the drafts of the last thirty days, the newest first; older ones are thrown away. */
export async function drafts(): Promise<Draft[]> {
  const found = await ask<Draft[]>("drafts", "readonly", (of) => of.getAll())
  const old = found.filter((one) => one.state === "draft" && one.at < Date.now() - DAYS)
  for (const one of old) await drop(one.key)
  return found.filter((one) => !old.includes(one)).sort((a, b) => b.at - a.at)
}

export const keep = (one: Draft) => ask("drafts", "readwrite", (of) => of.put(one))
export const drop = (key: string) => ask("drafts", "readwrite", (of) => of.delete(key))
export const remember = (one: Mine) => ask("mine", "readwrite", (of) => of.put(one))
export const forget = (code: string) => ask("mine", "readwrite", (of) => of.delete(code))

export async function mine(): Promise<Mine[]> {
  return (await ask<Mine[]>("mine", "readonly", (of) => of.getAll())).sort((a, b) => b.at - a.at)
}

// A picture from above as the page tells of it, and as MapLibre reads it.

/** A layer as the page tells of it, in `data-imagery`. */
export interface Picture {
  key: string
  name: string
  taken: string
  day: string
  tiles: string
  bounds: [number, number, number, number]
  minzoom: number
  maxzoom: number
  credit: string
}

export const SOURCE = "imagery"

/** The source of a picture, as MapLibre reads it. */
export function sourceOf(of: Picture): { type: "raster"; tiles: string[]; tileSize: number; bounds: Picture["bounds"]; minzoom: number; maxzoom: number } {
  const tiles = [of.tiles.startsWith("/") ? `${location.origin}${of.tiles}` : of.tiles]
  return { type: "raster", tiles, tileSize: 256, bounds: of.bounds, minzoom: of.minzoom, maxzoom: of.maxzoom }
}

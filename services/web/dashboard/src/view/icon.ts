const SVG = 'http://www.w3.org/2000/svg'

/** Strokes on a field of 24 by 24. */
const PATHS = {
  speaker: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11',
  muted: 'M9 5.500a3 3 0 0 1 6 0V11M15 14.500a3 3 0 0 1-6-2V9.500M5.500 11.500a6.500 6.500 0 0 0 10.500 5.200M18.500 11.500c0 .9-.2 1.700-.5 2.500M12 18.500V21.500M3.500 3.500l17 17',
  deafened: 'M4 15v-2.500a8 8 0 0 1 12.500-6.600M19.400 9.500c.4 1 .6 2 .6 3V15M4 15v3.500h3.500v-6H4.200M20 15v1.500M16.500 16.500V13M3.500 3.500l17 17',
  streaming: 'M3.500 5.500h17v11h-17zM8.500 20.500h7M10.500 8.500v5l4-2.500z',
  video: 'M3.500 7h11v10h-11zM14.500 11l6-3.500v9l-6-3.500',
  listening: 'M4 15v-2.500a8 8 0 0 1 16 0V15M4 15v3.500h3.500v-6H4.200M20 15v3.500h-3.500v-6h3.300',
} as const

export type IconName = keyof typeof PATHS

/** A picture; with a label it is one for screen readers too. */
export function icon(name: IconName, label?: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('class', `icon icon-${name}`)
  if (label === undefined) {
    svg.setAttribute('aria-hidden', 'true')
  } else {
    svg.setAttribute('role', 'img')
    svg.setAttribute('aria-label', label)
    const title = document.createElementNS(SVG, 'title')
    title.textContent = label
    svg.append(title)
  }
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', PATHS[name])
  svg.append(path)
  return svg
}

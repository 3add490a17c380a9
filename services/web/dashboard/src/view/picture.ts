import { element, setText } from './element.ts'

/** An image over the initials of a name: they show while it loads and if it can't be loaded. */
export function picture(kind: 'avatar' | 'guild-icon', url: string | null, name: string): HTMLElement {
  const image = element('img', { alt: '', decoding: 'async', referrerpolicy: 'no-referrer' })
  image.addEventListener('error', () => { image.hidden = true })
  const frame = element('span', { class: `picture ${kind}` }, element('span', { class: 'initials', 'aria-hidden': 'true' }), image)
  setPicture(frame, url, name)
  return frame
}

export function setPicture(frame: HTMLElement, url: string | null, name: string): void {
  const [initials, image] = frame.children as unknown as [HTMLElement, HTMLImageElement]
  setText(initials, initialsOf(name))
  if ((image.dataset['url'] ?? '') === (url ?? '')) {
    if (url === null) image.hidden = true
    return
  }
  image.dataset['url'] = url ?? ''
  image.hidden = url === null
  if (url !== null) image.src = url
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => word !== '')
  return words.slice(0, 2).map((word) => [...word][0]?.toLocaleUpperCase() ?? '').join('') || '?'
}

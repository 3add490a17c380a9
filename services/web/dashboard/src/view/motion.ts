const MOVE_MS = 260
const APPEAR_MS = 220
const LEAVE_MS = 160

const calm = matchMedia('(prefers-reduced-motion: reduce)')

/** Whether things may move: not if the user asked for calm, not in a hidden tab (where animations never end). */
function still(): boolean {
  return calm.matches || document.hidden
}

/** Where the elements are now, so that `glide` can bring them from there. */
export function places(elements: Iterable<HTMLElement>): Map<string, DOMRect> {
  const found = new Map<string, DOMRect>()
  if (still()) return found
  for (const node of elements) found.set(node.dataset['place'] ?? '', node.getBoundingClientRect())
  return found
}

/** Moves elements from where they were to where they are now; new ones appear. */
export function glide(elements: Iterable<HTMLElement>, from: Map<string, DOMRect>, fresh: boolean): void {
  if (still()) return
  const moves: (() => void)[] = []
  for (const node of elements) {
    const before = from.get(node.dataset['place'] ?? '')
    const now = node.getBoundingClientRect()
    if (before === undefined) {
      if (!fresh) moves.push(() => node.animate([{ opacity: 0, transform: 'translateY(4px) scale(.96)' }, { opacity: 1, transform: 'none' }], { duration: APPEAR_MS, easing: 'ease-out' }))
      continue
    }
    const [dx, dy] = [before.left - now.left, before.top - now.top]
    if (dx === 0 && dy === 0) continue
    moves.push(() => node.animate([{ transform: `translate(${dx}px, ${dy}px)` }, { transform: 'none' }], { duration: MOVE_MS, easing: 'cubic-bezier(.2,.8,.2,1)' }))
  }
  // Measured first, moved after: no layout in between.
  for (const move of moves) move()
}

/** Lets an element fade and then removes it. */
export function leave(node: HTMLElement): void {
  if (still()) return node.remove()
  node.setAttribute('data-leaving', '')
  node.setAttribute('aria-hidden', 'true')
  node.removeAttribute('data-testid')
  const fade = node.animate([{ opacity: 1 }, { opacity: 0, transform: 'scale(.96)' }], { duration: LEAVE_MS, easing: 'ease-in' })
  fade.finished.then(() => node.remove(), () => node.remove())
}

import type { StreamStatus } from '../../../../../libs/browser/src/index.ts'
import { setAttribute, setText } from './element.ts'

const WORDS = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', 'signed-out': 'Signed out' } as const

/** The state of the stream, in the page's head. */
export function showConnection(node: HTMLElement, status: StreamStatus): void {
  const state = status === 'open' ? 'live' : status === 'closed' ? 'signed-out' : status
  setAttribute(node, 'data-state', state)
  setText(node.querySelector('.label') as HTMLElement, WORDS[state])
}

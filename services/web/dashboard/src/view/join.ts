import { FanfareError, joinRoom } from '../../../../../libs/browser/src/index.ts'
import { signIn } from '../api.ts'
import { inDiscord } from './discord.ts'
import { element } from './element.ts'

/** What those who come with an invite are told when it does not work. */
const REFUSED: Record<string, string> = {
  'invite-invalid': 'This invite is over, used up, or was never one. Ask for a new one.',
  validation: 'This address is not complete. Ask for the invite again.',
  'guild-not-shared': 'The room is on a Discord server that you are not a member of. Join the server first.',
  'not-a-member': 'The room is on a Discord server that you are not a member of. Join the server first.',
  'timed-out': 'You are timed out on this Discord server at the moment.',
  barred: 'A moderator has shut you out of this room.',
  'room-full': 'The room is full at the moment. Try again when somebody has left.',
}

/** The invite of the page's address, if that is where it leads. */
export function inviteOf(path: string): string | undefined {
  return /^\/join\/([^/]+)\/?$/.exec(path)?.[1]
}

/** What somebody with an invite sees before signing in. */
export function invited(): HTMLElement {
  return element('section', { class: 'hero', 'data-testid': 'invited' },
    element('h1', {}, 'You are invited to a room'),
    element('p', {}, 'Sign in, so that Discord lets you in.'),
    element('a', { class: 'button primary', href: signIn(location.pathname) }, 'Sign in with Discord'),
    element('p', { class: 'fine' }, 'Fanfare learns your name, your picture and which servers you share with it. Nothing is posted.'))
}

/** The way into the room, for somebody who is signed in. */
export function join(token: string): HTMLElement {
  const button = element('button', { type: 'button', class: 'button primary', 'data-testid': 'join' }, 'Enter the room')
  const words = element('p', { role: 'status', 'data-testid': 'join-outcome' })
  const page = element('section', { class: 'hero', 'data-testid': 'join-page' },
    element('h1', {}, 'You are invited to a room'), button, words)
  // Pressed twice, or again after a lost answer, it is one entrance.
  const idempotencyKey = crypto.randomUUID()
  button.addEventListener('click', () => {
    button.disabled = true
    words.textContent = 'One moment …'
    joinRoom({ token }, { idempotencyKey }).then(({ guildId, channelId, moved }) => {
      words.textContent = moved ? 'Welcome! Discord has brought you there.' : 'Welcome! The room is open to you in Discord now.'
      const there = inDiscord(guildId, channelId, 'Open it in Discord')
      button.replaceWith(there, element('a', { class: 'button quiet', href: '/' }, 'See who is in the rooms'))
    }, (error: unknown) => {
      button.disabled = false
      words.textContent = error instanceof FanfareError ? (REFUSED[error.code] ?? error.message) : 'That did not work. Please try again.'
    })
  })
  return page
}

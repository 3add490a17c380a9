import { signIn } from '../api.ts'
import { element } from './element.ts'

/** What a visitor sees before signing in. */
export function welcome(): HTMLElement {
  return element('section', { class: 'hero', 'data-testid': 'signed-out' },
    element('img', { src: '/favicon.svg', alt: '', width: '72', height: '72' }),
    element('h1', {}, 'See who is in the room'),
    element('p', {}, 'Fanfare shows the voice rooms of your Discord servers live: who is in, who just joined, and where there is still room.'),
    element('a', { class: 'button primary', href: signIn(location.pathname) }, 'Sign in with Discord'),
    element('p', { class: 'fine' }, 'Fanfare learns your name, your picture and which servers you share with it. Nothing is posted.'))
}

/** The server can't be reached or can't say who this is. */
export function trouble(retry: () => void): HTMLElement {
  const button = element('button', { type: 'button', class: 'button primary' }, 'Try again now')
  button.addEventListener('click', retry)
  return element('section', { class: 'hero', 'data-testid': 'trouble', role: 'alert' },
    element('h1', {}, 'Fanfare can’t be reached'),
    element('p', {}, 'We keep trying in the background; this page comes back by itself.'),
    button)
}

/** Signed in, connected, and there is no guild. */
export function noGuilds(): HTMLElement {
  return element('section', { class: 'hero small', 'data-testid': 'no-guilds' },
    element('h1', {}, 'No server in common yet'),
    element('p', {}, 'You are in no Discord server that Fanfare’s bot has joined. As soon as you share one, its rooms appear here.'))
}

/** Before the first snapshot. */
export function loading(): HTMLElement {
  const card = () => element('div', { class: 'room ghost' })
  return element('div', { class: 'guilds', 'data-testid': 'loading', 'aria-busy': 'true', 'aria-label': 'Loading the rooms' },
    element('div', { class: 'rooms' }, card(), card(), card(), card()))
}

import type { RoomMember, VoiceFlags } from '../../../../../libs/browser/src/index.ts'
import { picture, setPicture } from './picture.ts'
import { element, setAttribute, setText } from './element.ts'
import { icon, type IconName } from './icon.ts'

/** What is shown of a voice state: the picture and its words. */
function marks(flags: VoiceFlags): [IconName, string][] {
  const shown: [IconName, string][] = []
  if (flags.video) shown.push(['video', 'camera on'])
  if (flags.stream) shown.push(['streaming', 'sharing a screen'])
  if (flags.suppress) shown.push(['listening', 'in the audience'])
  if (flags.deaf) shown.push(['deafened', 'deafened by the server'])
  else if (flags.selfDeaf) shown.push(['deafened', 'deafened'])
  if (flags.mute) shown.push(['muted', 'muted by the server'])
  else if (flags.selfMute) shown.push(['muted', 'muted'])
  return shown
}

/** A person in a room. */
export function makeMember(member: RoomMember): HTMLLIElement {
  return element(
    'li',
    { class: 'member', 'data-testid': 'member', 'data-user-id': member.userId },
    picture('avatar', member.avatarUrl, member.displayName),
    element('span', { class: 'name' }),
    element('span', { class: 'marks' }),
  )
}

export function updateMember(node: HTMLElement, member: RoomMember): void {
  const [avatar, name, shown] = node.children as unknown as [HTMLElement, HTMLElement, HTMLElement]
  setPicture(avatar, member.avatarUrl, member.displayName)
  setText(name, member.displayName)
  setAttribute(name, 'title', member.username)
  const wanted = marks(member.flags)
  const key = wanted.map(([, label]) => label).join()
  if (shown.dataset['shown'] === key) return
  shown.dataset['shown'] = key
  shown.replaceChildren(...wanted.map(([name, label]) => icon(name, label)))
  node.classList.toggle('streaming', member.flags.stream || member.flags.video)
}

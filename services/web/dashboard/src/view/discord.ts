import { element } from './element.ts'

/** Leads to a channel in Discord. */
export function inDiscord(guildId: string, channelId: string, text = 'Open in Discord', kind: 'primary' | 'quiet' = 'primary'): HTMLAnchorElement {
  return element('a', { class: `button ${kind}`, href: `https://discord.com/channels/${guildId}/${channelId}`, target: '_blank', rel: 'noreferrer' }, text)
}

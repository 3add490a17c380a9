// discord.js, unmodified, against the simulator at the port given: it signs in, sees the guild and its voice,
// loses its socket, resumes, and sees what happens after. One JSON line per thing seen; exit code 0 if all was.
import { Client, Events, GatewayIntentBits } from 'discord.js';

const base = `http://127.0.0.1:${process.argv[2]}`;
const tell = (what, more = {}) => console.log(JSON.stringify({ what, ...more }));
const timeout = setTimeout(() => { tell('timeout'); process.exit(1); }, 40_000);

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildVoiceStates, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent],
  rest: { api: `${base}/api` },
});
client.on(Events.Error, (error) => tell('error', { message: error.message }));

async function control(path, body) {
  const response = await fetch(`${base}/control/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}
const next = (event, fits = () => true) => new Promise((resolve) => {
  const listener = (...values) => { if (fits(...values)) { client.off(event, listener); resolve(values); } };
  client.on(event, listener);
});

const ready = next(Events.ClientReady);
await client.login('interop-token');
await ready;
const guild = client.guilds.cache.find((one) => one.name === 'Fanfare Café');
const lounge = guild.channels.cache.find((one) => one.name === 'Lounge');
tell('ready', { user: client.user.username, guilds: client.guilds.cache.size, people: lounge.members.map((member) => member.user.username).sort() });

const joined = next(Events.VoiceStateUpdate, (before, after) => after.channelId === lounge.id);
await control('join', { user: 'nelly', channel: 'Lounge' });
const [, state] = await joined;
tell('joined', { user: state.member.user.username });

const resumed = next(Events.ShardResume);
const missed = next(Events.MessageCreate, (message) => message.content === 'while you were away');
await control('fault', { kind: 'drop' });
await control('message', { user: 'mason', channel: 'general', content: 'while you were away' });
const [shard, replayed] = await resumed;
const [message] = await missed;
tell('resumed', { shard, replayed, author: message.author.username });

const left = next(Events.VoiceStateUpdate, (before, after) => after.channelId === null);
await control('leave', { user: 'nelly' });
tell('left', { user: (await left)[1].member.user.username });

const sent = await guild.channels.cache.find((one) => one.name === 'general').send({ content: 'from discord.js', nonce: '42', enforceNonce: true });
const mason = await guild.members.fetch({ user: message.author.id, force: true });
tell('rest', { content: sent.content, member: mason.user.username });
try {
  await mason.voice.setChannel(lounge);
} catch (error) {
  tell('refused', { code: error.code });
}
clearTimeout(timeout);
await client.destroy();

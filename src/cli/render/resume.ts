import { formatClock } from '../../domain/time.js';
import type { RunEvent } from '../../pipeline/events.js';
import { formatMoney } from '../../pricing/money.js';
import type { Style } from './style.js';
import { count, visible } from './text.js';

type Resume = Extract<RunEvent, { type: 'resume' }>;
type Change = Resume['changes'][number];

const listedChanges = 50;

/** One line of what is kept and what will be bought, and below it the lines that have changed, as they were and are. */
export function renderResume(event: Resume, style: Style): string {
  const shown = event.changes.slice(0, listedChanges).flatMap((change) => renderChange(change, style));
  const more = event.changes.length - listedChanges;
  return [
    `  ${event.language}: ${describeKept(event)}; ${describeBought(event)}`,
    ...shown,
    ...(more > 0 ? [`    … and ${more} more; --json lists them all.`] : []),
  ].join('\n');
}

function describeKept({ lines, translate, voice }: Resume): string {
  const kept = (what: { readonly lines: number }) => lines - what.lines;
  return `of ${count(lines, 'line')} ${kept(translate)} translated and ${kept(voice)} voiced are kept`;
}

function describeBought({ translate, voice, money }: Resume): string {
  if (translate.lines === 0 && voice.lines === 0) return 'nothing is bought';
  const parts = [
    translate.lines > 0 ? `${translate.lines} to translate (${count(translate.characters, 'character')})` : '',
    voice.lines > 0 ? `${voice.lines} to voice (${count(voice.characters, 'character')}, ${voice.seconds} s)` : '',
  ];
  const cost =
    money === null ? 'cost unknown' : Object.keys(money).length === 0 ? 'no cost' : `about ${formatMoney(money)}`;
  return `${parts.filter((part) => part !== '').join(', ')}, ${cost}`;
}

function renderChange(change: Change, style: Style): string[] {
  const lines = [`    ${style.bold(formatClock(change.startMs))} ${style.dim(visible(change.source))}`];
  if (change.sourceWas !== undefined) lines.push(`      ${style.dim(`said before: ${visible(change.sourceWas)}`)}`);
  if (change.was !== undefined && change.was !== change.now) lines.push(style.red(`      - ${visible(change.was)}`));
  if (change.gone) lines.push('      is no longer in the script');
  else if (change.now === undefined) lines.push(style.green('      + to be translated'));
  else lines.push(style.green(`      + ${visible(change.now)}${change.byHand ? ' (by hand)' : ''}`));
  if (change.machine !== undefined) lines.push(`      ${style.dim(`the machine's own: ${visible(change.machine)}`)}`);
  if (change.voice !== undefined) lines.push(`      voice: ${visible(change.voice)}`);
  return lines;
}

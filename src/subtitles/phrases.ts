import { primaryLanguage } from '../domain/language.js';
import { isBound } from './bonds.js';
import { endsSentence } from './sentences.js';

/** Words a phrase begins with, so that the line is best broken before them; and words a line must not end with. */
interface PhraseWords {
  readonly conjunctions: ReadonlySet<string>;
  readonly prepositions: ReadonlySet<string>;
  readonly articles: ReadonlySet<string>;
}

function phraseWords(conjunctions: string, prepositions: string, articles: string): PhraseWords {
  const set = (list: string) => new Set(list.split(' '));
  return { conjunctions: set(conjunctions), prepositions: set(prepositions), articles: set(articles) };
}

/** The commonest words of each kind; a language that is missing is broken by punctuation and length alone. */
const byLanguage: Readonly<Record<string, PhraseWords>> = {
  en: phraseWords(
    'and but or nor so yet because although though while when where if unless until since as than that which who whose whether',
    'about above across after against along among around at before behind below beneath beside between beyond by during ' +
      'for from in inside into near of off on onto out over through throughout to toward towards under up upon with within without',
    "the a an this that these those my your his her its our their no some any every each i you he she it we they i'm is are was were be been have has had will would can could should must not to very",
  ),
  es: phraseWords(
    'y e o u pero sino aunque porque pues que cuando donde mientras si como cual cuyo quien',
    'a ante bajo con contra de desde durante en entre hacia hasta para por según sin sobre tras al del',
    'el la los las lo un una unos unas este esta estos estas ese esa mi tu su mis tus sus nuestro nuestra yo tú él ella se me te le les nos no muy más ha han he es son fue era',
  ),
  fr: phraseWords(
    'et ou mais donc or ni car que qui quand lorsque parce puisque si comme dont où tandis',
    'à de dans en par pour sur avec sans sous chez contre entre vers depuis pendant avant après au aux du des',
    "le la les un une des ce cet cette ces mon ton son ma ta sa mes tes ses notre votre leur nos vos leurs je tu il elle on nous vous ils elles ne se me te très plus est sont a ont était n'est",
  ),
  de: phraseWords(
    'und oder aber denn sondern weil dass daß ob wenn als während obwohl bevor nachdem damit wie der die das',
    'an auf aus bei bis durch für gegen hinter in im mit nach neben ohne seit über um unter von vom vor wegen zu zum zur zwischen am beim ins',
    'der die das den dem des ein eine einen einem einer eines mein dein sein ihr unser euer kein keine diese dieser dieses ich du er sie es wir ist sind war sehr nicht sich',
  ),
  it: phraseWords(
    'e ed o ma però perché che quando dove mentre se come anche cui quindi',
    'a ad di da in con su per tra fra verso senza sotto sopra dopo prima al del dal nel sul alla della dalla nella sulla ai dei dai nei sui',
    'il lo la i gli le un uno una questo questa quello quella mio tuo suo mia tua sua io tu lui lei noi voi si mi ti non molto più è sono ha hanno',
  ),
  pt: phraseWords(
    'e ou mas porém porque que quando onde enquanto se como embora pois quem',
    'a de em com por para sem sob sobre entre até desde após ante contra ao do da no na dos das nos nas pelo pela',
    'o a os as um uma uns umas este esta esse essa meu teu seu minha tua sua nosso nossa eu tu ele ela nós se me te não muito mais é são foi',
  ),
  nl: phraseWords(
    'en of maar want omdat dat die wanneer als terwijl hoewel voordat nadat of wie waar',
    'aan achter bij binnen boven door in langs met na naar naast om onder op over per sinds te tegen tot tussen uit van vanaf voor zonder',
    'de het een deze dit mijn jouw zijn haar ons onze hun geen ik jij je hij zij ze wij we is zijn was niet zeer',
  ),
  ru: phraseWords(
    'и а но или да что чтобы потому когда если хотя где который которая которое которые как пока так',
    'в во на с со к ко по из за от до для о об у при без над под через между перед после около',
    'не ни я ты он она мы вы они это этот эта мой твой его её их наш ваш очень же',
  ),
};

const none = phraseWords('', '', '');

/** Never break here unless there is no other way. */
export const neverBreak = 5000;

/**
 * How badly a break between two words reads, 0 (a sentence ends) to 80 (after an article), `neverBreak` inside a number
 * or name. The order is that of the Netflix style guide: after punctuation, before conjunctions, before prepositions;
 * never between a noun and its article or a first and a last name.
 */
export function breakPenalty(left: string, right: string, language: string): number {
  if (isBound(left, right)) return neverBreak;
  if (endsSentence(left, right, { language, cased: true })) return 0;
  if (/^[–—-]$/.test(right)) return 70;
  if (/[,;:،؛)\]»”…—–、，；：]$/.test(left) || /^[([«“„¿¡]/.test(right)) return 10;
  const { conjunctions, prepositions, articles } = byLanguage[primaryLanguage(language)] ?? none;
  const before = left.toLowerCase();
  const after = right.toLowerCase();
  if (articles.has(before) || conjunctions.has(before) || prepositions.has(before)) return 80;
  if (conjunctions.has(after)) return 25;
  if (prepositions.has(after)) return 30;
  const names = /^\p{Lu}/u.test(left) && /^\p{Lu}/u.test(right) && primaryLanguage(language) !== 'de';
  return names ? 65 : 50;
}

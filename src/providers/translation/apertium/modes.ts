import { parseLanguage, primaryLanguage } from '../../../domain/language.js';

/** An installed direction: its name as apertium spells it, and the languages it stands for. */
export interface Mode {
  readonly name: string;
  readonly source: string;
  readonly target: string;
}

/** Reads `apertium -l`: one name a line, such as `eng-spa`, `en-es` or `spa-eng_US`. */
export function readModes(printed: string): Mode[] {
  return printed.split(/\s+/).flatMap((name) => {
    const [source, target, ...rest] = name.split('-').map((part) => parseLanguage(part));
    return source && target && rest.length === 0 ? [{ name, source, target }] : [];
  });
}

/** The direction for a pair of tags: the same languages, and among those the same regions. */
export function chooseMode(modes: readonly Mode[], source: string, target: string): Mode | undefined {
  const from = parseLanguage(source) ?? source;
  const to = parseLanguage(target) ?? target;
  const fitting = modes.filter(
    (mode) =>
      primaryLanguage(mode.source) === primaryLanguage(from) && primaryLanguage(mode.target) === primaryLanguage(to),
  );
  const closeness = (has: string, wanted: string) => (has === wanted ? 2 : has.includes('-') ? 0 : 1);
  const scored = fitting.map((mode) => ({
    mode,
    score: closeness(mode.target, to) * 3 + closeness(mode.source, from),
  }));
  return scored.sort((a, b) => b.score - a.score)[0]?.mode;
}

/** Debian's packages of language pairs (Debian 12, `apt-cache search '^apertium-'`). */
const packagedPairs =
  'afr-nld arg-cat bel-rus br-fr cat-ita cat-srd dan-nor en-gl eng-cat eng-spa eo-ca eo-en eo-es eo-fr es-gl es-pt ' +
  'es-ro eu-en eu-es fr-es fra-cat fra-frp hbs-eng hbs-mkd hbs-slv ind-zlm isl-eng isl-swe mkd-bul mkd-eng nno-nob ' +
  'oc-ca oc-es oci-fra pol-szl por-cat pt-gl rus-ukr spa-arg spa-ast spa-cat spa-ita srd-ita swe-dan swe-nor urd-hin';

/** The command that installs a pair, either way round; the one that lists all pairs when none is known. */
export function installPairCommand(source: string, target: string): string {
  const wanted = [source, target].map((tag) => primaryLanguage(parseLanguage(tag) ?? tag)).sort();
  const pair = packagedPairs.split(' ').find((name) => {
    const has = name.split('-').map((code) => primaryLanguage(parseLanguage(code) ?? code));
    return has.sort().join() === wanted.join();
  });
  return pair === undefined ? "apt-cache search '^apertium-'" : `sudo apt-get install -y apertium apertium-${pair}`;
}

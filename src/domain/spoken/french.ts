const vowels = 'aeiouyàâäéèêëîïôöùûüœæ';

/** Written vowel groups that sound as one. */
const together = /eau|oeu|œu|aie|eui|oui|uei|ou|eu|au|ai|ei|oi|oy|ay|œ|ae|oe/g;

/** Syllables of a French word in lower case, as it is said without haste: the e of `petite` is silent. */
export function frenchSyllables(word: string): number {
  const parts = word.split(/[’']/).filter((part) => part !== '');
  // An elided article is part of the next word's first syllable.
  const last = parts.at(-1) ?? '';
  const before = parts.slice(0, -1).filter((part) => [...part].filter((letter) => vowels.includes(letter)).length > 1);
  return Math.max(
    1,
    [...before, last].reduce((sum, part) => sum + groups(part), 0),
  );
}

function groups(word: string): number {
  const spoken = withoutSilent(word)
    .replace(/qu(?=[aeiouyéèêàâ])|gu(?=[eiyéèê])/g, 'k')
    .replace(/(?<=[cg])e(?=[aou])/g, '')
    // ill is a glide after a vowel, and i with a glide after a consonant: fa-mille, tra-vailler.
    .replace(/(?<=[aeouœ])ill(?=[eaoiéèê]|$)/g, 'j')
    .replace(/(?<=[aeouœ])il$/g, 'j')
    .replace(/ill(?=[eaoéèê])/g, 'ij')
    .replace(/y(?=[aeoéè])/g, 'j')
    // After two consonants i and u are syllables of their own: cri-er, ou-bli-er; elsewhere they glide: pied, nuit.
    .replace(/(?<=[bcdfgptv][rl])[iu](?=[aeoéèêâ])/g, '$&.')
    .replace(/(?<=[^aeiouyéèêâ.])i(?=[aoeéèêâô])/g, 'j')
    .replace(/u(?=i|î)/g, 'w')
    .replace(/ou(?=[aeéiè])/g, 'w')
    .replace(together, 'a');
  return [...spoken].filter((letter) => vowels.includes(letter)).length;
}

/** Without the e that is written and not said: at the end, before -s and -nt of verbs, and between two lone consonants. */
function withoutSilent(word: string): string {
  const short = [...word].filter((letter) => vowels.includes(letter)).length < 2 || /^qu?es?$/.test(word);
  if (short) return word;
  return word
    .replace(/(?<=[iuéaoy])es?$/, '')
    .replace(/(?<=[iuy])ent$/, '')
    .replace(/(?<=[^aeiouyéèêàâîôûq]|[gq]u)es?$/, '')
    .replace(/(?<=(?:ss|tt|ll|rr|nn|iss|[dlnrvc]r|ss|ns|rt|qu|gn|ch|ais?s)(?<!mom|pres|cli|par|tal))ent$/, '')
    .replace(/(?<=ai|[èaâiîuû]r)ent$/, '')
    .replace(/(?<=[aeiouyéèêàâîôû][bcdfgjklmpqrstvz])e(?=[bcdfgjklmnpqrstvz][aeiouyéèêàâîôû])/g, '')
    .replace(/(?<=[aeioâ][nm][tdcgsp])e(?=[bcdfgjklmnpqrstvz][aeiouyéèêàâîôû])/g, '')
    .replace(/(?<=[aeiouyéèêàâîôû](?:ll|ss|tt|nn|mm|pp|rr|ch|gn))e(?=[bcdfgjklmnpqrstvz][aeiouyéèêàâîôû])/g, '')
    .replace(/(?<=[aeiouyéèêàâîôû][bcdfgjklmpqrstvz])e(?=ment)/g, '');
}

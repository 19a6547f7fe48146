import type { Config } from '../../config/config.js';
import { languageName, sameLanguage } from '../../domain/language.js';
import { languageOfFileName } from '../../domain/language-names.js';
import { DubError } from '../../errors.js';

/**
 * Which translation file serves which target.
 * @throws USAGE when a file serves none, or two serve one
 */
export function matchTranslations(config: Config): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { language, path } of config.translation) {
    const target = targetOf(config, language ?? languageWithoutName(config, path), path);
    if (files.has(target)) {
      throw new DubError('USAGE', `There are two translations for ${target}: ${files.get(target)} and ${path}.`, {
        hint: 'Give one file for each target.',
      });
    }
    files.set(target, path);
  }
  return files;
}

/** A file without a language serves the only target; with several targets its name must tell. */
function languageWithoutName(config: Config, path: string): string {
  if (config.to.length === 1) return config.to[0]!;
  const told = languageOfFileName(path);
  if (told !== undefined) return told;
  throw new DubError('USAGE', `It is not clear which of ${config.to.join(', ')} the translation ${path} is for.`, {
    hint: `Write it as --translation ${config.to[0]}=${path}.`,
  });
}

function targetOf(config: Config, language: string, path: string): string {
  const exact = config.to.find((tag) => tag === language) ?? config.to.find((tag) => sameLanguage(tag, language));
  if (exact !== undefined) return exact;
  throw new DubError(
    'USAGE',
    `The translation ${path} is ${languageName(language) ?? language} (${language}), but --to asks for ${config.to.join(', ')}.`,
    {
      hint: `Add ${language} to --to, or leave the file out.`,
    },
  );
}

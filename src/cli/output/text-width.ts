const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u;
const INVISIBLE = /^(?:\p{M}|\p{Cf})$/u;

/** Columns a text takes on a terminal; right for scripts whose characters take one or two. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (INVISIBLE.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** The text cut to at most `widthMax` columns, its last one an ellipsis where something was cut. */
export function truncate(text: string, widthMax: number): string {
  if (textWidth(text) <= widthMax) return text;
  let kept = '';
  let width = 0;
  for (const character of text) {
    width += textWidth(character);
    if (width > widthMax - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;

/** The text on one line, with every character that could steer a terminal written out. */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

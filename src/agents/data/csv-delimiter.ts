/** Candidates, likeliest first: the order decides a draw. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** The sample: characters looked at, and records counted within them. */
const SAMPLE_CHARACTERS = 16_384;
const SAMPLE_RECORDS = 50;

/** What may stand before an opening quote, whichever delimiter is the right one. */
const BEFORE_QUOTE: ReadonlySet<string> = new Set([...DELIMITERS, '\n', '\r', '']);

/**
 * The delimiter that cuts the first records most evenly: `,`, `;`, tab or `|`.
 *
 * Judged by the share of sampled records with the commonest number of cells (two at least), then by
 * that number. A text without any of them gives `,`.
 */
export function detectDelimiter(text: string): string {
  const sample = text.slice(0, SAMPLE_CHARACTERS);
  const isWhole = sample.length === text.length;
  let best = { delimiter: ',', share: 0, cells: 1 };
  for (const delimiter of DELIMITERS) {
    const { share, cells } = evenness(countCells(sample, delimiter, isWhole));
    const isBetter = share > best.share || (share === best.share && cells > best.cells);
    if (cells >= 2 && isBetter) best = { delimiter, share, cells };
  }
  return best.delimiter;
}

/** Cells of each sampled record; a record cut off by the sample's end does not count. */
function countCells(sample: string, delimiter: string, isWhole: boolean): readonly number[] {
  const counts: number[] = [];
  let cells = 1;
  let isQuoted = false;
  let isBlank = true;
  let before = '';
  for (const character of sample) {
    const endsLine = !isQuoted && (character === '\n' || character === '\r');
    if (endsLine) {
      if (!isBlank) counts.push(cells);
      if (counts.length === SAMPLE_RECORDS) return counts;
      cells = 1;
    } else if (character === '"') {
      // A doubled quote closes and opens again, which comes to the same.
      isQuoted = !isQuoted && (before === '"' || BEFORE_QUOTE.has(before));
    } else if (character === delimiter && !isQuoted) cells += 1;
    isBlank = endsLine;
    before = character;
  }
  if (isWhole && !isBlank) counts.push(cells);
  return counts;
}

function evenness(counts: readonly number[]): { readonly share: number; readonly cells: number } {
  const frequencies = new Map<number, number>();
  for (const count of counts) frequencies.set(count, (frequencies.get(count) ?? 0) + 1);
  let commonest = { share: 0, cells: 1 };
  for (const [cells, frequency] of frequencies) {
    const share = frequency / counts.length;
    if (share > commonest.share) commonest = { share, cells };
  }
  return commonest;
}

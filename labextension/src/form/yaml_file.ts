/** A file that a person has chosen, and one that the browser saves. */

import type { IDocumentText } from '../contract';

/** Bytes that are sent at most: the server reads fewer, and says of so many that they are more. */
const MOST_SENT = 600 * 1024;
/** Milliseconds for which the browser finds what it saves. */
const STAYS = 60_000;

/** The beginning of a file in base64. */
export function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(',')[1] ?? '');
    reader.onerror = () =>
      reject(new Error(`${file.name} cannot be read (${reader.error?.message}).`));
    reader.readAsDataURL(file.slice(0, MOST_SENT));
  });
}

/** Have the browser save a file. */
export function keepFile({ name, text }: IDocumentText): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), STAYS);
}

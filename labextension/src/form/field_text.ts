/** A field's value as the text of its control, and back; what cannot be read stays a text. */

import type { IField } from '../contract';

/** The types of JSON that a field takes, null left out; none of them are all. */
export function kindsOf(field: IField): string[] {
  return [field.type ?? []].flat().filter(kind => kind !== 'null');
}

/**
 * The value that a text means, undefined for an empty one.
 *
 * A text that means none is given as it is, so that the check says why it is refused.
 */
export function read(text: string, field: IField): unknown {
  if (!text.trim()) {
    return undefined;
  }
  const kinds = kindsOf(field);
  if (kinds.includes('array') && field.items) {
    return listed(text, field.items.type);
  }
  if (kinds.length && kinds.every(kind => kind === 'integer' || kind === 'number')) {
    return numberOf(text);
  }
  if (kinds.length === 2 && kinds.includes('string') && kinds.includes('integer')) {
    return /^\d{1,15}$/.test(text.trim()) ? Number(text) : text;
  }
  if (kinds.length === 1 && kinds[0] === 'string') {
    return text;
  }
  return jsonOf(text);
}

/** The text of a value. */
export function written(value: unknown, field: IField): string {
  if (value === undefined) {
    return '';
  }
  if (typeof value === 'string') {
    const takesWords = kindsOf(field).some(kind => kind === 'string' || kind === 'array');
    return takesWords || read(value, field) === value ? value : JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    if (field.items?.type === 'string' && value.every(one => typeof one === 'string')) {
      return value.join('\n');
    }
    if (field.items?.type === 'integer' && value.every(one => typeof one === 'number')) {
      return value.join(', ');
    }
  }
  return dumped(value);
}

/** Whether a field's text has several lines. */
export function wordy(field: IField): boolean {
  return kindsOf(field).includes('object') || field.items?.type === 'string';
}

function listed(text: string, kind: string | undefined): unknown {
  if (text.trimStart().startsWith('[')) {
    return jsonOf(text);
  }
  if (kind === 'integer') {
    const numbers = text
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(numberOf);
    return numbers.some(one => typeof one === 'string') ? text : numbers;
  }
  const lines = text.split('\n').map(line => line.trim());
  return lines.filter(Boolean);
}

/** A number, unless it is too large to be sent as it was typed. */
function numberOf(text: string): number | string {
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)) {
    return text;
  }
  const found = Number(text);
  // 1e20 is a float, which every reader takes for the same.
  const isFloat = /[.e]/i.test(text) && Number.isFinite(found);
  return isFloat || isExact(found) ? found : text;
}

/** As a text, JSON that would be sent with other numbers than those that were typed. */
function jsonOf(text: string): unknown {
  try {
    const found: unknown = JSON.parse(text);
    return isExact(found) ? found : text;
  } catch {
    return /^\s*[{["]/.test(text) ? text : numberOf(text);
  }
}

/** Whether no number in a value is too large to be sent as it was typed. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') {
    return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  }
  return typeof value !== 'object' || value === null || Object.values(value).every(isExact);
}

/** JSON with the spaces that Python writes. */
function dumped(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(dumped).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(
      ([name, one]) => `${JSON.stringify(name)}: ${dumped(one)}`
    );
    return `{${parts.join(', ')}}`;
  }
  return JSON.stringify(value);
}

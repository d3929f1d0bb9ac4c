import * as React from 'react';

export interface ITableProps {
  /** What a screen reader calls the table. */
  label: string;
  heads: readonly string[];
  children: React.ReactNode;
  className?: string;
  caption?: string;
}

/** A table that scrolls in its own box where the page is narrow or it has many rows. */
export function Table({ label, heads, children, className, caption }: ITableProps): JSX.Element {
  return (
    <div className="rlp-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className={className ?? 'rlp-rows'}>
        {caption && <caption>{caption}</caption>}
        <thead>
          <tr>
            {heads.map((head, i) => (
              <th key={i} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A row of words; the first one is its heading. */
export function Row(props: { cells: readonly string[]; className?: string }): JSX.Element {
  const [first, ...rest] = props.cells;
  return (
    <tr className={props.className}>
      <th scope="row">{first}</th>
      {rest.map((cell, i) => (
        <td key={i}>{cell}</td>
      ))}
    </tr>
  );
}

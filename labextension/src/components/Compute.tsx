import * as React from 'react';
import type { IMachine, ITarget } from '../contract';
import { Badge } from './Badge';
import { Bar } from './Bar';

export interface IComputeProps {
  targets: readonly ITarget[];
  machine: IMachine | null;
  readOnly: boolean;
  onMenu(target: ITarget, at: Element): void;
  onDrag(event: React.PointerEvent, target: ITarget): void;
  onNew(): void;
}

/** The machine's load, and each compute target with its nodes. */
export function Compute(props: IComputeProps): JSX.Element {
  return (
    <div className="rlp-compute">
      {props.machine && <Machine machine={props.machine} />}
      <ul className="rlp-targets" aria-label="Compute targets">
        {props.targets.map(target => (
          <Target key={target.name} target={target} {...props} />
        ))}
      </ul>
      {props.machine && !props.targets.length && (
        <p className="rlp-hint">
          There is no compute target yet. A run without one takes nodes of this machine.
        </p>
      )}
      {!props.readOnly && (
        <button className="rlp-button" onClick={props.onNew}>
          New compute target…
        </button>
      )}
    </div>
  );
}

function Machine({ machine }: { machine: IMachine }): JSX.Element {
  return (
    <div className="rlp-machine" role="group" aria-label="This machine">
      {machine.text.map(({ label, text, fraction }) => (
        <div key={label} className="rlp-figure">
          <span className="rlp-quiet">{label}</span>
          <span>{text}</span>
          {fraction !== null && <Bar fraction={fraction} label={`${label} in use`} />}
        </div>
      ))}
    </div>
  );
}

function Target(props: IComputeProps & { target: ITarget }): JSX.Element {
  const { target, onMenu, onDrag } = props;
  const open = (event: React.SyntheticEvent) => {
    event.preventDefault();
    event.stopPropagation();
    onMenu(target, event.currentTarget);
  };
  return (
    <li
      className="rlp-target"
      tabIndex={0}
      aria-label={`${target.name}, ${target.size}, ${target.nodes_text}`}
      onContextMenu={open}
      onPointerDown={event => onDrag(event, target)}
      onKeyDown={event => {
        if (event.key === 'Enter' && event.target === event.currentTarget) {
          open(event);
        }
      }}
    >
      <div className="rlp-run-first">
        <span className="rlp-run-name" title={target.name}>
          {target.name}
        </span>
        <Badge badge={target.badge} />
        <button
          className="rlp-more"
          tabIndex={-1}
          aria-label={`Actions of ${target.name}`}
          onClick={open}
        >
          ⋯
        </button>
      </div>
      <div className="rlp-quiet">
        {target.size} · {target.about}
      </div>
      <div>{target.nodes_text}</div>
      {target.max_nodes > 0 && (
        <Bar
          fraction={target.nodes_busy / target.max_nodes}
          label={`Busy nodes of ${target.name}`}
        />
      )}
      {target.message && <div className="rlp-quiet">{target.message}</div>}
    </li>
  );
}

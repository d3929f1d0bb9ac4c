/** What JupyterLab's packages look for when they are loaded, and jsdom has not. */

if (typeof window !== 'undefined') {
  class Observer {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  }
  Object.assign(globalThis, {
    DragEvent: class extends MouseEvent {},
    ResizeObserver: Observer,
    IntersectionObserver: Observer,
    matchMedia: () => ({ matches: false, addListener() {}, removeListener() {} }),
    requestIdleCallback: (run: () => void) => setTimeout(run),
    cancelIdleCallback: (id: number) => clearTimeout(id),
    CSSStyleSheet: class {
      replaceSync(): void {}
      insertRule(): void {}
    }
  });
  Element.prototype.scrollIntoView = () => undefined;
}

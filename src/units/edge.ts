/** Answers whom to tell of a state again and again: `tell` hears of it when it is another than before, and of the first if it is not `usual`. */
export function createEdge<T>(usual: T, tell: (state: T) => void): (state: T) => void {
  let told = usual;
  return (state) => {
    if (state === told) return;
    told = state;
    tell(state);
  };
}

import { useEffect, useState } from "react";

import { hasTexts, loadTexts, type Later } from "./index";

/** Loads texts that a page can be without; false until they are here, or cannot be had. */
export function useTexts(namespace: Later): boolean {
  const [isSettled, setIsSettled] = useState(false);
  useEffect(() => {
    if (hasTexts(namespace)) return;
    let isGone = false;
    void loadTexts(namespace)
      .catch(() => undefined)
      .then(() => !isGone && setIsSettled(true));
    return () => {
      isGone = true;
    };
  }, [namespace]);
  return isSettled || hasTexts(namespace);
}

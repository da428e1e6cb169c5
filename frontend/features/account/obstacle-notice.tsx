"use client";

import { Button, ButtonLink } from "@/components/button";
import { DuplicateCookies } from "@/components/duplicate-cookies";
import { Refusal } from "@/components/refusal";
import { loginForHere, reloadPage } from "@/lib/navigation";
import { useObstacle, type Obstacle } from "@/lib/obstacle";

/** Says why a protected page shows nothing, and does not leave for the login page either. */
export function ObstacleNotice() {
  const obstacle = useObstacle();
  if (!obstacle) return null;
  return (
    <div className="mx-auto w-full max-w-6xl px-5 pt-4 pb-2 sm:px-8">
      <Words obstacle={obstacle} />
    </div>
  );
}

function Words({ obstacle }: { obstacle: Obstacle }) {
  if (obstacle === "duplicate-cookies") {
    return <DuplicateCookies actions={<Button onClick={reloadPage}>Try again</Button>} />;
  }
  return (
    <Refusal
      title="You were sent back here"
      actions={
        <>
          <Button onClick={reloadPage}>Try again</Button>
          <ButtonLink href={loginForHere()} look="secondary">
            Sign in again
          </ButtonLink>
        </>
      }
    >
      <p>
        {"The server does not show your account here, although the sign-in page says that you are signed in. " +
          "Try again in a moment. " +
          `If that does not help, delete the cookies of ${window.location.hostname} in the settings of your browser.`}
      </p>
    </Refusal>
  );
}

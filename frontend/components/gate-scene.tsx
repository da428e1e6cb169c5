/** A gate by the wall, its lantern lit. It is decoration: the text beside it says everything. */
export function GateScene({ className = "" }: { className?: string }) {
  return (
    <svg viewBox="0 0 560 480" aria-hidden="true" className={className}>
      <defs className="text-lantern">
        <radialGradient id="gate-glow">
          <stop offset="0" stopColor="currentColor" stopOpacity="0.75" />
          <stop offset="0.45" stopColor="currentColor" stopOpacity="0.22" />
          <stop offset="1" stopColor="currentColor" stopOpacity="0" />
        </radialGradient>
      </defs>
      <rect width="560" height="480" className="fill-scene-sky" />
      <circle cx="438" cy="92" r="30" className="fill-surface dark:fill-lantern dark:opacity-80" />
      <path d="M0 286c70-52 142-60 214-34s150 30 346-40v268H0z" className="fill-scene-far" />
      <path d="M0 342c96-34 190-38 280-28s190 4 280-26v192H0z" className="fill-scene-near" />

      {/* The way in. */}
      <path d="M248 334h64l96 146H152z" className="fill-scene-path" />

      {/* The wall, left and right of the gate. */}
      <Wall x={0} />
      <Wall x={398} />

      {/* What lies behind, seen through the gate. */}
      <path d="M206 214h148v150H206z" className="fill-scene-inside" />
      <path d="M206 300c40-18 100-18 148 0v64H206z" className="fill-scene-near" />
      <path d="M262 306h36l24 58h-84z" className="fill-scene-path" />

      {/* Posts, beam and braces. */}
      <g className="fill-scene-wood">
        <path d="M186 196h24v186h-24zM350 196h24v186h-24z" />
        <path d="M170 196h220v22H170z" />
        <path d="M210 252v-22l22-16h22zM350 252v-22l-22-16h-22z" />
      </g>
      <path d="M176 372h44v18h-44zM340 372h44v18h-44z" className="fill-scene-stone" />

      {/* The roof, in courses of tiles. */}
      <path d="M280 66 438 196H122z" className="fill-scene-roof" />
      <g className="stroke-scene-tile" strokeWidth="5" fill="none" strokeLinecap="round">
        <path d="M252 98h56M226 120h108M199 142h162M172 164h216" />
        <path d="M268 98v22M292 98v22M240 120v22M280 120v22M320 120v22M216 142v22M258 142v22M302 142v22M344 142v22M190 164v22M236 164v22M280 164v22M324 164v22M370 164v22" />
      </g>
      <path d="M280 52 456 197l-14 16L280 80 118 213l-14-16z" className="fill-scene-tile" />

      {/* The lantern. */}
      <g className="text-lantern">
        <circle cx="280" cy="254" r="112" fill="url(#gate-glow)" />
        <path d="M278 218h4v18h-4z" className="fill-scene-tile" />
        <path d="M268 240h24l5 32h-34z" fill="currentColor" />
        <path d="M264 236h32v6h-32zM261 270h38v6h-38z" className="fill-scene-tile" />
      </g>
    </svg>
  );
}

function Wall({ x }: { x: number }) {
  return (
    <g transform={`translate(${x} 0)`}>
      <path d="M0 316h162v74H0z" className="fill-scene-stone" />
      <path d="M-6 306h174v14H-6z" className="fill-scene-seam" />
      <path
        d="M0 343h162M0 367h162M34 320v23M86 320v23M132 320v23M14 343v24M62 343v24M112 343v24M40 367v23M92 367v23M140 367v23"
        className="stroke-scene-seam"
        strokeWidth="3"
        fill="none"
      />
    </g>
  );
}

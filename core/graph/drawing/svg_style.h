// The style of a drawing. Colours are written out where they are used: not every program that reads SVG knows CSS
// variables. Text has a contrast of 4.5 at least with its ground, in both sets and on hot boxes too.
#pragma once

namespace retort {

inline constexpr size_t kModelColours = 8;  // classes m0 to m7

inline constexpr const char* kSvgStyle = R"(
.retort-graph text { font-family: "DejaVu Sans", Verdana, Helvetica, Arial, sans-serif; font-size: 11px; font-weight: 400; fill: #1c1e21; }
.retort-graph .title { font-size: 16px; font-weight: 600; }
.retort-graph .name { font-size: 13px; font-weight: 600; }
.retort-graph .faint { font-size: 11px; fill: #565d65; }
.retort-graph .ground { fill: #ffffff; }
.retort-graph .box { fill: #f5f6f8; stroke: #b4bac1; }
.retort-graph .heat { fill: #e8590c; }
.retort-graph .edge { fill: none; stroke: #565d65; stroke-width: 1.5; }
.retort-graph .back { stroke: #0b62c4; stroke-dasharray: 6 4; }
.retort-graph .head { fill: #565d65; }
.retort-graph .back-head { fill: #0b62c4; }
.retort-graph .m0 { fill: #a8480a; } .retort-graph .m1 { fill: #1a7a3c; } .retort-graph .m2 { fill: #8a2f9e; }
.retort-graph .m3 { fill: #0a7379; } .retort-graph .m4 { fill: #b0243a; } .retort-graph .m5 { fill: #6d5a00; }
.retort-graph .m6 { fill: #3b5bdb; } .retort-graph .m7 { fill: #555555; }
@media (prefers-color-scheme: dark) {
.retort-graph text { fill: #e6e8ea; } .retort-graph .faint { fill: #a0a7af; }
.retort-graph .ground { fill: #16181b; } .retort-graph .box { fill: #212429; stroke: #565d65; }
.retort-graph .edge { stroke: #a0a7af; } .retort-graph .head { fill: #a0a7af; }
.retort-graph .back { stroke: #6db1ff; } .retort-graph .back-head { fill: #6db1ff; }
.retort-graph .m0 { fill: #f0a060; } .retort-graph .m1 { fill: #6fcf8f; } .retort-graph .m2 { fill: #d49be4; }
.retort-graph .m3 { fill: #5fd0d6; } .retort-graph .m4 { fill: #ff8a96; } .retort-graph .m5 { fill: #d8c25a; }
.retort-graph .m6 { fill: #91a7ff; } .retort-graph .m7 { fill: #b5b5b5; }
}
)";

}  // namespace retort

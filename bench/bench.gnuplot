# SPDX-License-Identifier: BSD-3-Clause
# The plots of mp_bench: gnuplot -e "from='DIR'; to='DIR'" bench/bench.gnuplot
set terminal svg size 820,420 dynamic font 'sans-serif,12' background 'white'
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror

set output to.'/performance-latency.svg'
set title 'A round trip, p50 and p99'
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set logscale y
set yrange [0.05:*]
set ylabel 'µs (logarithmic)'
set xtics rotate by -35
set key top left
plot from.'/latency.dat' using 2:xtic(1) title 'p50' lc rgb '#2b6cb0', \
     '' using 3 title 'p99' lc rgb '#a0aec0'

set output to.'/performance-clients.svg'
unset logscale y
set style data linespoints
set title 'Clients at once: all of them together, and each'
set xlabel 'clients'
set logscale x 2
set xrange [0.9:36]
set yrange [0:*]
set y2range [0:*]
set ylabel 'answered requests per second, together'
set y2label 'p50 of one request, µs'
set y2tics
set xtics norotate 2
set key outside below center horizontal
plot from.'/clients.dat' using 1:2 title 'mp\_server, rate' lc rgb '#2b6cb0' lw 2 pt 7, \
     '' using 1:3 title 'empty handler, rate' lc rgb '#a0aec0' lw 2 pt 5, \
     '' using 1:4 axes x1y2 title 'mp\_server, p50 (right)' lc rgb '#c05621' lw 2 pt 9 dt 2

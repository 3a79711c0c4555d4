# SPDX-License-Identifier: BSD-3-Clause
# The plots of mp_bench --scale: gnuplot -e "from='DIR'; to='DIR'" bench/scale.gnuplot
set terminal svg size 820,900 dynamic font 'sans-serif,12' background 'white'
set output to.'/performance-scale.svg'
set datafile missing '?'
data = from.'/scale.dat'
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
set style data linespoints
set logscale x
set xrange [0.8:1300]
set yrange [0:*]
set xtics (1, 8, 32, 100, 300, 1000)
set key top left
set multiplot layout 4,2

set title 'Attached per second'
plot data using 1:2 notitle lc rgb '#2b6cb0' lw 2 pt 7
set title 'At their usual intervals, µs'
set logscale y
set yrange [*:*]
plot data using 1:3 title 'p50' lc rgb '#2b6cb0' lw 2 pt 7, \
     '' using 1:4 title 'p99' lc rgb '#a0aec0' lw 2 pt 5
set title 'All ask at once, ms'
plot data using 1:10 title 'p50' lc rgb '#2b6cb0' lw 2 pt 7, \
     '' using 1:11 title 'p99' lc rgb '#a0aec0' lw 2 pt 5
set title 'A broadcast round, ms'
plot data using 1:12 title 'sync' lc rgb '#2b6cb0' lw 2 pt 7, \
     '' using 1:13 title 'async' lc rgb '#c05621' lw 2 pt 9
unset logscale y
set yrange [0:*]
set title 'The server''s end with all attached, ms'
plot data using 1:5 notitle lc rgb '#2b6cb0' lw 2 pt 7
set title 'Resident, MiB'
plot data using 1:6 title 'server' lc rgb '#2b6cb0' lw 2 pt 7, \
     '' using 1:7 title 'client' lc rgb '#a0aec0' lw 2 pt 5
set title 'Of the machine''s memory, MiB a client'
plot data using 1:8 notitle lc rgb '#2b6cb0' lw 2 pt 7
set title 'Of the runtime file system, MiB a client'
plot data using 1:9 notitle lc rgb '#2b6cb0' lw 2 pt 7
unset multiplot

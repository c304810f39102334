//! The order in which ports are asked.

/// Ports that connected products listen on, likely ones first: they settle early whether the host lives, and what is
/// open is known even where the deadline cuts the scan short.
const LIKELY: [u16; 40] = [
    443, 80, 22, 23, 8080, 8443, 53, 554, 1883, 8883, 21, 25, 139, 445, 5000, 8000, 8081, 8888, 9000, 9100, 2222, 2323,
    49152, 1900, 5353, 5683, 5684, 37777, 34567, 8554, 3000, 502, 102, 47808, 161, 3389, 5900, 6379, 7547, 5555,
];

/// The requested ports, each once, likely ones first.
pub(super) fn ports(ranges: &[(u16, u16)]) -> Vec<u16> {
    let mut wanted = vec![false; 65_536];
    for (first, last) in ranges {
        for port in *first..=*last {
            wanted[usize::from(port)] = true;
        }
    }
    let mut order: Vec<u16> = LIKELY.into_iter().filter(|p| std::mem::take(&mut wanted[usize::from(*p)])).collect();
    // Port 0 cannot be connected to.
    order.extend((1..=u16::MAX).filter(|p| wanted[usize::from(*p)]));
    order
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_port_comes_once() {
        let mut all = super::ports(&[(0, 100), (90, 65_535)]);
        assert_eq!(all[..2], [443, 80]);
        all.sort_unstable();
        assert!(all.into_iter().eq(1..=65_535));
        assert_eq!(super::ports(&[(7, 9)]), [7, 8, 9]);
    }
}

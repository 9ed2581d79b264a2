-- q6: the average of the last ten winning prices per seller
CREATE TABLE answer (
  seller BIGINT, avg_price BIGINT
) WITH (${SINK});

INSERT INTO answer
SELECT Q.seller, AVG(Q.final) OVER (PARTITION BY Q.seller ORDER BY Q.`dateTime` ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)
FROM (SELECT MAX(B.price) AS final, A.seller, B.`dateTime`
      FROM auction AS A, bid AS B
      WHERE A.id = B.auction AND B.`dateTime` BETWEEN A.`dateTime` AND A.expires
      GROUP BY A.id, A.seller) AS Q;
